import assert from "node:assert/strict";
import { test } from "node:test";
import { seconds } from "../base/units.ts";
import { compressors } from "../compressors/registry.ts";
import { benchCodecs, defaultSpecs } from "./benchmark.ts";

/** Each reading is one second after the last. */
function tickingClock() {
  let now = 0;
  return () => seconds(now++);
}

test("rates are bytes of input over the median time, for each compressor and for copying", () => {
  const specs = ["identity", "sign:scale=none", "sign", "top-k:0.01"];
  const result = benchCodecs({ entries: 1000, rounds: 3, compressors: specs, clock: tickingClock() });
  assert.equal(result.memcpyGBs, 4000 / 1e9);
  assert.deepEqual(
    result.rows.map((row) => row.compressor),
    specs,
  );
  for (const row of result.rows) {
    assert.ok(row.twinEncodeGBs === 4000 / 1e9 && row.decodeAddGBs === 4000 / 1e9);
    assert.deepEqual(row.ofMemcpy, { encode: 1, encodeWithFeedback: 1, decode: 1, decodeAdd: 1 });
    assert.equal(row.decodeOverEncode, 1);
  }
  const [identity, plain, scaled, sparse] = result.rows.map((row) => row.bitsPerEntry);
  assert.deepEqual([identity, plain, scaled], [32, 1, 1.032]);
  assert.ok(sparse! < 0.45);
});

test("every compressor is measured unless some are named", () => {
  const { rows } = benchCodecs({ entries: 600, rounds: 1, clock: tickingClock() });
  assert.deepEqual(
    rows.map((row) => row.compressor),
    defaultSpecs(),
  );
  for (const { examples } of compressors.values()) assert.ok(defaultSpecs().includes(examples[0]!));
});

test("the same seed gives the same messages, another seed others", () => {
  const checksum = (seed: number) => benchCodecs({ entries: 500, rounds: 1, seed, clock: tickingClock() }).checksum;
  assert.equal(checksum(1), checksum(1));
  assert.notEqual(checksum(1), checksum(2));
});
