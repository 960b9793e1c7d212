import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const bench = (...args: string[]): string =>
  execFileSync(process.execPath, [join(import.meta.dirname, "codecs.bench.ts"), "--rounds", "1", ...args], {
    encoding: "utf8",
  });

test("the codec benchmark runs over every compressor, as a table and as JSON", () => {
  assert.match(bench("--entries", "600"), /top-k:0\.01 /);
  const { rows, entries } = JSON.parse(bench("--entries", "600", "--json", "sign", "top-k:3"));
  assert.equal(entries, 600);
  assert.deepEqual(
    rows.map((row: { compressor: string }) => row.compressor),
    ["sign", "top-k:3"],
  );
});
