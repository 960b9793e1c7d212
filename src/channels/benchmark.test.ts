import assert from "node:assert/strict";
import { test } from "node:test";
import { seconds } from "../base/units.ts";
import { benchCodecs } from "./benchmark.ts";

/** Each reading is one second after the last. */
function tickingClock() {
  let now = 0;
  return () => seconds(now++);
}

test("rates are bytes of input over the median time, for each compressor and for copying", () => {
  const result = benchCodecs({ entries: 1000, rounds: 3, clock: tickingClock() });
  assert.equal(result.memcpyGBs, 4000 / 1e9);
  assert.deepEqual(
    result.rows.map((row) => row.compressor),
    ["identity", "sign:scale=none", "sign", "top-k:0.01"],
  );
  assert.ok(result.rows.every((row) => row.twinEncodeGBs === 4000 / 1e9 && row.decodeAddGBs === 4000 / 1e9));
  const [identity, plain, scaled, sparse] = result.rows.map((row) => row.bitsPerEntry);
  assert.deepEqual([identity, plain, scaled], [32, 1, 1.032]);
  assert.ok(sparse! < 0.45);
});

test("the same seed gives the same messages, another seed others", () => {
  const checksum = (seed: number) => benchCodecs({ entries: 500, rounds: 1, seed, clock: tickingClock() }).checksum;
  assert.equal(checksum(1), checksum(1));
  assert.notEqual(checksum(1), checksum(2));
});
