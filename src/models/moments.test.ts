import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { momentsOver, pooledMoments } from "./moments.ts";

const momentsOf = (values: readonly number[]): Float32Array[] => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return [Float32Array.of(mean), Float32Array.of(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length)];
};

test("thirty rows of mean 1 and variance 2 with ten of mean 4 and variance 1 have mean 1.75 and variance 3.4375", () => {
  const part = (weight: number, m: number, v: number) => ({
    weight,
    moments: [Float32Array.of(m), Float32Array.of(v)],
  });
  assert.deepEqual(pooledMoments([part(30, 1, 2), part(10, 4, 1)]), [Float32Array.of(1.75), Float32Array.of(3.4375)]);
});

test("pooled moments of parts are those of the whole", () => {
  const values = fc.array(fc.float({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 5 }), (parts) => {
      const pooled = pooledMoments(parts.map((part) => ({ weight: part.length, moments: momentsOf(part) })));
      for (const [i, wanted] of momentsOf(parts.flat()).entries()) {
        assert.ok(Math.abs((pooled[i]?.[0] ?? Number.NaN) - (wanted[0] ?? 0)) < 1e-4);
      }
    }),
  );
});

test("at most 1,024 rows are looked at, all of fewer, each once, from the first to the last", async () => {
  for (const all of [1, 200, 256, 300, 1000, 1024, 1025, 60_000]) {
    const seen: number[] = [];
    await momentsOver(all, 256, async (first, rows) => {
      seen.push(...Array.from({ length: rows }, (_, i) => first + i));
      return [];
    });
    assert.equal(new Set(seen).size, Math.min(all, 1024), `${all} rows`);
    assert.deepEqual([seen[0], seen.at(-1)], [0, all - 1]);
  }
});
