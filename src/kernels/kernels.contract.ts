/** The contract suite of the kernels: every engine runs it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { draw } from "../base/random.ts";
import type { Kernels } from "./kernels.ts";
import { draws, fill, lengths } from "./vectors.contract.ts";

const { fround } = Math;

/** The laws of `kernels.ts`, for any engine. */
export function kernelsContract(k: Kernels): void {
  test(`${k.engine}: sums add eight lanes in blocks of 4096, block after block`, () => {
    fc.assert(
      fc.property(lengths, draws, (d, seed) => {
        const x = fill(new Float32Array(d), seed, "x");
        assert.equal(k.sumMagnitudes(x), sumByTheLaw(x, Math.abs));
        assert.equal(
          k.sumSquares(x),
          sumByTheLaw(x, (value) => value * value),
        );
      }),
      { numRuns: 40 },
    );
  });

  test(`${k.engine}: sums of an empty vector are 0, and so is its largest magnitude`, () => {
    const empty = new Float32Array(0);
    assert.deepEqual([k.sumMagnitudes(empty), k.sumSquares(empty), k.maxMagnitude(empty)], [0, 0, 0]);
    assert.equal(k.allFinite(empty), true);
  });

  test(`${k.engine}: −0 counts as positive, NaN as negative`, () => {
    const bits = new Uint8Array(1);
    k.packSigns(Float32Array.of(0, -0, 1, -1, Number.NaN, 2 ** -149, -(2 ** -149)), bits);
    assert.equal(bits[0], 0b0100111);
  });

  test(`${k.engine}: error feedback subtracts the scale from a −0 as from a 0`, () => {
    const [p, bits] = [new Float32Array(3), new Uint8Array(1)];
    const sum = k.signFeedback(new Float32Array(3), Float32Array.of(0, -0, -2), 0.5, p, bits);
    assert.deepEqual(Array.from(p), [-0.5, -0.5, -1.5]);
    assert.equal(bits[0], 0);
    assert.equal(sum, 2.5);
  });

  test(`${k.engine}: one entry that is not finite, wherever it lies, makes the sum NaN`, () => {
    fc.assert(
      fc.property(
        lengths.filter((d) => d > 0),
        fc.nat(),
        fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
        (d, at, bad) => {
          const x = new Float32Array(d);
          const [p, bits] = [new Float32Array(d), new Uint8Array((d + 7) >>> 3)];
          assert.equal(k.packSignsAndSum(x, bits), 0);
          assert.equal(k.allFinite(x), true);
          x[at % d] = bad;
          assert.equal(k.packSignsAndSum(x, bits), Number.NaN);
          assert.equal(k.signFeedback(x, new Float32Array(d), 1, p, bits), Number.NaN);
          assert.equal(k.signFeedback(new Float32Array(d), x, 1, p, bits), Number.NaN);
          assert.equal(k.allFinite(x), false);
        },
      ),
      { numRuns: 40 },
    );
  });

  test(`${k.engine}: a finite sum that overflows f32 entry by entry is reported as not finite`, () => {
    const big = new Float32Array(20).fill(3.4e38);
    const [p, bits] = [new Float32Array(20), new Uint8Array(3)];
    assert.equal(k.signFeedback(big, big, 0, p, bits), Number.NaN);
    assert.equal(k.packSignsAndSum(big, bits), 20 * fround(3.4e38));
  });

  test(`${k.engine}: scalars are rounded to f32 before they meet an entry`, () => {
    const y = Float32Array.of(0);
    k.axpy(0.1, Float32Array.of(3), y);
    assert.equal(y[0], fround(fround(0.1) * 3));
  });

  test(`${k.engine}: a step of momentum rounds after every single operation`, () => {
    const [mu, lr, g, v, x] = [fround(0.9), fround(0.1), fround(0.3), fround(0.7), fround(0.2)];
    const [velocity, params] = [Float32Array.of(v), Float32Array.of(x)];
    k.momentumStep(0.9, 0.1, Float32Array.of(g), velocity, params);
    const after = fround(fround(mu * v) + g);
    assert.deepEqual([velocity[0], params[0]], [after, fround(x - fround(lr * after))]);
  });

  test(`${k.engine}: the histogram counts every entry once, by 8 exponent and 3 mantissa bits`, () => {
    const counts = new Uint32Array(2048);
    k.histogram(Float32Array.of(1, -1, 1.1, 1.125, 2, 0, -0), counts);
    assert.deepEqual([counts[0x3f8], counts[0x3f9], counts[0x400], counts[0]], [3, 1, 1, 2]);
    k.histogram(new Float32Array(100_000).fill(-1), counts);
    assert.equal(counts[0x3f8], 100_000);
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      100_000,
    );
  });

  test(`${k.engine}: selection stops when the indices are full`, () => {
    const indices = new Uint32Array(3);
    const x = new Float32Array(40_000);
    for (const at of [5, 17_000, 20_000, 39_999]) x[at] = -1;
    assert.equal(k.selectFrom(x, 0x3f800000, indices), 3);
    assert.deepEqual(Array.from(indices), [5, 17_000, 20_000]);
    assert.equal(k.selectFrom(x, 0x3f800001, indices), 0);
    assert.equal(k.selectFrom(x, 0, new Uint32Array(0)), 0);
  });

  test(`${k.engine}: every half survives the way to f32 and back, but for infinity and NaN`, () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, h) => h);
    const [floats, back] = [new Float32Array(65536), new Uint16Array(65536)];
    k.fromHalf(halves, floats);
    k.toHalf(floats, back);
    const largest = (h: number) => (h & 0x8000) | Math.min(h & 0x7fff, 0x7bff);
    assert.deepEqual(back, halves.map(largest));
    for (const [h, value] of floats.entries()) assert.equal(value, halfValue(h));
  });

  test(`${k.engine}: between two halves the nearer is taken, and the even one in the middle`, () => {
    // Middles of neighbours, and the floats next to them, over all finite halves.
    const [x, want] = [new Float32Array(3 * 0x7bff), new Uint16Array(3 * 0x7bff)];
    const bits = new Uint32Array(x.buffer);
    for (let h = 0; h < 0x7bff; h++) {
      x[3 * h] = (halfValue(h) + halfValue(h + 1)) / 2;
      bits[3 * h + 1] = bits[3 * h]! - 1;
      bits[3 * h + 2] = bits[3 * h]! + 1;
      want.set([h + (h & 1), h, h + 1], 3 * h);
    }
    const got = new Uint16Array(x.length);
    k.toHalf(x, got);
    assert.deepEqual(got, want);
  });

  test(`${k.engine}: halves saturate at ±65504`, () => {
    const got = new Uint16Array(4);
    k.toHalf(Float32Array.of(65519, 1e9, Number.NEGATIVE_INFINITY, -65520), got);
    assert.deepEqual(Array.from(got), [0x7bff, 0x7bff, 0xfbff, 0xfbff]);
  });

  test(`${k.engine}: draws are those of the job's randomness, and the counter wraps`, () => {
    fc.assert(
      fc.property(u32, u32, u32, fc.nat({ max: 40 }), (k0, k1, first, d) => {
        const out = new Uint32Array(d);
        k.draws(k0, k1, first, out);
        assert.deepEqual(
          Array.from(out),
          Array.from(out, (_, i) => draw(k0, k1, (first + i) >>> 0)),
        );
      }),
    );
  });

  test(`${k.engine}: vectors of other lengths are refused before anything is written`, () => {
    const [short, long, bits] = [new Float32Array(8), new Float32Array(9), new Uint8Array(1)];
    assert.throws(() => k.axpy(1, long, short), /bug: a kernel got vectors of 9/);
    assert.throws(() => k.add(short, short, long), /other lengths/);
    assert.throws(() => k.packSigns(long, bits), /1 bytes for 9 signs/);
    assert.throws(() => k.histogram(short, new Uint32Array(7)), /7 histogram bins/);
    assert.throws(() => k.toHalf(long, new Uint16Array(8)), /other lengths/);
  });
}

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

/** The law of sums, written out anew. */
function sumByTheLaw(x: Float32Array, term: (value: number) => number): number {
  let sum = 0;
  for (let start = 0; start < x.length; start += 4096) {
    const lane = new Array<number>(8).fill(0);
    x.subarray(start, start + 4096).forEach((value, i) => {
      lane[i % 8]! += term(value);
    });
    const pairs = [0, 2, 4, 6].map((j) => lane[j]! + lane[j + 1]!);
    sum += pairs[0]! + pairs[1]! + (pairs[2]! + pairs[3]!);
  }
  return sum;
}

/** What IEEE 754 says a half is worth. */
function halfValue(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const [exponent, mantissa] = [(h >> 10) & 31, h & 1023];
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}
