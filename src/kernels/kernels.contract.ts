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

  test(`${k.engine}: each side of 0 has its sum, and a bit chooses one of two values`, () => {
    const x = Float32Array.of(1, -2, 0, 3, -0, 2 ** -149, -(2 ** -149));
    const [bits, sides] = [new Uint8Array(1), new Float64Array(2)];
    assert.equal(k.packSides(x, bits, sides), 5);
    assert.deepEqual([bits[0], ...sides], [0b0111101, 4 + 2 ** -149, 2 + 2 ** -149]);
    assert.equal(k.packSides(x.subarray(0, 0), bits.subarray(0, 0), sides), 0);
    assert.deepEqual([...sides], [0, 0]);
    const out = new Float32Array(3);
    k.unpackPair(Uint8Array.of(0b101), -2, 0.1, out);
    assert.deepEqual(out, Float32Array.of(0.1, -2, 0.1));
    k.addPair(Uint8Array.of(0b001), 5, 0.1, out);
    assert.deepEqual(out, Float32Array.of(fround(0.1) + fround(0.1), 3, fround(0.1) + 5));
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
    const [indices, values] = [new Uint32Array(3), new Float32Array(3)];
    const x = new Float32Array(40_000);
    for (const at of [5, 17_000, 20_000, 39_999]) x[at] = -1;
    x[17_000] = 2;
    assert.equal(k.selectFrom(x, 0x3f800000, indices, values), 3);
    assert.deepEqual(Array.from(indices), [5, 17_000, 20_000]);
    assert.deepEqual(Array.from(values), [-1, 2, -1]);
    assert.equal(k.selectFrom(x, 0x40000001, indices, values), 0);
    assert.equal(k.selectFrom(x, 0, new Uint32Array(0), new Float32Array(0)), 0);
  });

  test(`${k.engine}: a Rice code holds each gap as ones, a zero and low bits, and is read to its last bit`, () => {
    const [code, positions] = [new Uint8Array(3), new Uint32Array(3)];
    k.writeRice(Uint32Array.of(1, 2, 14), 2, code); // 0 01, 0 00, 110 11
    assert.deepEqual([...code.subarray(0, 2)], [0b0010_0011, 0b0110_0000]);
    assert.equal(k.readRice(code.subarray(0, 2), 2, 15, positions), 11);
    assert.deepEqual([...positions], [1, 2, 14]);
    assert.equal(k.readRice(code.subarray(0, 2), 2, 14, positions), -1);
    assert.equal(k.readRice(code.subarray(0, 1), 2, 15, positions), -1);
    assert.equal(k.readRice(code.subarray(0, 0), 2, 15, positions.subarray(0, 0)), 0);
  });

  test(`${k.engine}: a Rice code of many pieces, or with a gap longer than a piece, comes back`, () => {
    const many = Uint32Array.from({ length: 200_000 }, (_, j) => 20 * j + (j % 7));
    for (const places of [many, Uint32Array.of(3, 700_000, 700_001), Uint32Array.of(700_000)]) {
      const bits = places.at(-1)! + 1; // without low bits: a zero for each position, a one for each other index
      const [code, read] = [new Uint8Array(Math.ceil(bits / 8)), new Uint32Array(places.length)];
      k.writeRice(places, 0, code);
      assert.equal(k.readRice(code, 0, bits, read), bits);
      assert.deepEqual(read, places);
      assert.equal(k.readRice(code, 0, bits - 1, read), -1);
      assert.equal(k.readRice(code.subarray(0, 80_000), 0, bits, read), -1);
    }
  });

  test(`${k.engine}: positions beyond a vector are a bug, and nothing is written`, () => {
    const [x, value] = [new Float32Array(4), Float32Array.of(7)];
    for (const position of [4, 2 ** 31, 2 ** 32 - 1]) {
      assert.throws(() => k.gather(x, Uint32Array.of(position), value), /position \d+ of 4 entries/);
      assert.throws(() => k.scatter(value, Uint32Array.of(position), x), /position \d+ of 4 entries/);
      assert.throws(() => k.scatterAdd(1, value, Uint32Array.of(position), x), /position \d+ of 4 entries/);
    }
    assert.deepEqual([value[0], ...x], [7, 0, 0, 0, 0]);
  });

  test(`${k.engine}: scattered −0 becomes 0, and what is added is rounded twice`, () => {
    const out = Float32Array.of(1, 2, 3);
    k.scatter(Float32Array.of(-0, 0.1), Uint32Array.of(0, 2), out);
    assert.deepEqual(out, Float32Array.of(0, 0, 0.1));
    k.scatterAdd(0.1, Float32Array.of(3), Uint32Array.of(2), out);
    assert.deepEqual(out, Float32Array.of(0, 0, fround(fround(0.1) + fround(fround(0.1) * 3))));
    k.scatter(new Float32Array(0), new Uint32Array(0), out);
    assert.deepEqual(out, new Float32Array(3));
  });

  test(`${k.engine}: every half survives the way to f32 and back, but for infinity and NaN`, () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, h) => h);
    const [floats, back] = [new Float32Array(65536), new Uint16Array(65536)];
    k.fromHalf(bytesOf(halves), floats);
    k.toHalf(floats, bytesOf(back));
    const largest = (h: number) => (h === 0x8000 ? 0 : (h & 0x8000) | Math.min(h & 0x7fff, 0x7bff));
    assert.deepEqual(back, halves.map(largest));
    for (const [h, value] of floats.entries()) assert.ok(Object.is(value, halfValue(h)));
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
    k.toHalf(x, bytesOf(got));
    assert.deepEqual(got, want);
  });

  test(`${k.engine}: halves saturate at ±65504`, () => {
    const got = new Uint16Array(4);
    assert.equal(k.toHalf(Float32Array.of(65519, 1e9, -3e38, -65520), bytesOf(got)), fround(3e38));
    assert.equal(k.toHalf(Float32Array.of(1, -2, 0.5, -0), bytesOf(new Uint16Array(4))), 2);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      assert.equal(k.toHalf(Float32Array.of(1, bad), bytesOf(new Uint16Array(2))), Number.POSITIVE_INFINITY);
    }
    assert.deepEqual(Array.from(got), [0x7bff, 0x7bff, 0xfbff, 0xfbff]);
  });

  test(`${k.engine}: bfloat16 rounds to nearest even and saturates`, () => {
    const x = Float32Array.of(1, Math.PI, 0.1, 1.00390625, 1.01171875, -1.01171875, 3.4e38, -3.4e38);
    const got = new Uint16Array(x.length);
    assert.equal(k.toBfloat(x, undefined, bytesOf(got)), true);
    assert.deepEqual(Array.from(got), [0x3f80, 0x4049, 0x3dcd, 0x3f80, 0x3f82, 0xbf82, 0x7f7f, 0xff7f]);
  });

  test(`${k.engine}: a power of two carries up as the draw says, and without a draw above the middle`, () => {
    const x = new Float32Array(1000).fill(-2.5);
    const [exponents, signs] = [new Uint8Array(1000), new Uint8Array(125)];
    const key = { k0: 3, k1: 4 };
    k.toPowers(x, key, exponents, signs);
    for (const [i, exponent] of exponents.entries()) {
      assert.equal(exponent, draw(key.k0, key.k1, i) >>> 9 >= 0x600000 ? 129 : 128);
    }
    assert.ok(signs.every((byte) => byte === 255));
    const middles = Float32Array.of(1.5, 1.5000001, 2, 0, 2 ** -127, 2 ** -127 + 2 ** -149, 3.4e38);
    k.toPowers(middles, undefined, exponents.subarray(0, 7), signs.subarray(0, 1));
    assert.deepEqual(Array.from(exponents.subarray(0, 7)), [127, 128, 128, 0, 0, 1, 255]);
  });

  test(`${k.engine}: what stands for −0 decodes to 0, and for a power above all to the largest f32`, () => {
    const out = new Float32Array(3);
    k.fromPowers(Uint8Array.of(0, 255, 1), Uint8Array.of(0b111), out);
    assert.deepEqual(out, Float32Array.of(0, -(2 ** 128 - 2 ** 104), -(2 ** -126)));
    k.fromBfloat(Uint8Array.of(0, 0x80, 0x80, 0xbf, 1, 0), out);
    assert.deepEqual(out, Float32Array.of(0, -1, 2 ** -133));
  });

  test(`${k.engine}: the largest magnitude of sixteen bits leaves the signs out`, () => {
    assert.equal(k.maxMagnitude16(new Uint8Array(0)), 0);
    assert.equal(k.maxMagnitude16(Uint8Array.of(1, 0x80, 0xff, 0x7b, 0xfe, 0xfb)), 0x7bff);
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

  test(`${k.engine}: the norm of each bucket is rounded up to f32, and infinite where it overflows`, () => {
    const norms = new Float32Array(3);
    k.bucketNorms(Float32Array.of(3, -4, 1, 1, -3e38, 2e38), 2, norms);
    assert.deepEqual(norms, Float32Array.of(5, fround(Math.SQRT2) + 2 ** -23, Number.POSITIVE_INFINITY));
    assert.ok(norms[1]! >= Math.SQRT2);
    k.bucketMaxima(Float32Array.of(3, -4, 0, -0, 2 ** -149), 2, norms);
    assert.deepEqual(norms, Float32Array.of(4, 0, 2 ** -149));
  });

  test(`${k.engine}: whole multiples of the step stay, what lies between goes up as often as it should`, () => {
    const levels = new Int16Array(40_000);
    const x = Float32Array.from(levels, (_, i) => [3, -4, 0, -0, 16_383, 1.25, -2.75, 2 ** -140][i % 8]!);
    k.dither(x, Float32Array.of(1), 40_000, 16_383, { k0: 1, k1: 2 }, 0, levels);
    const sums = new Float64Array(8);
    for (const [i, level] of levels.entries()) sums[i % 8]! += level / 5000;
    assert.deepEqual([...sums.subarray(0, 5)].map(Math.round), [3, -4, 0, 0, 16_383]);
    assert.deepEqual(
      [0, 1, 2, 3, 4, 7].map((j) => new Set(levels.filter((_, i) => i % 8 === j)).size),
      Array(6).fill(1),
    );
    assert.ok(Math.abs(sums[5]! - 1.25) < 0.03 && Math.abs(sums[6]! + 2.75) < 0.03, `${sums}`);
  });

  test(`${k.engine}: entries that share a draw go up independently of each other, and each as often as it should`, () => {
    const levels = new Int16Array(2 ** 16);
    for (const fraction of [0.5, 0.2, 0.01]) {
      k.dither(new Float32Array(2 ** 16).fill(fraction), Float32Array.of(1), 2 ** 16, 7, { k0: 5, k1: 6 }, 0, levels);
      const up = [0, 0, 0]; // lower halves, upper halves, both
      for (let i = 0; i < levels.length; i += 8) {
        for (let j = i; j < i + 4; j++) {
          up[0]! += levels[j]!;
          up[1]! += levels[j + 4]!;
          up[2]! += levels[j]! * levels[j + 4]!;
        }
      }
      for (const [which, chance] of [fraction, fraction, fraction ** 2].entries()) {
        const deviation = Math.sqrt(2 ** 15 * chance * (1 - chance));
        assert.ok(Math.abs(up[which]! - 2 ** 15 * chance) < 4 * deviation, `${up} at ${fraction}`);
      }
    }
  });

  test(`${k.engine}: a step may be as small or as large as f32 has it`, () => {
    for (const step of [2 ** -149, 2 ** -130, 2 ** -65, 2 ** -64, 2 ** 125]) {
      const levels = new Int16Array(18);
      const x = Float32Array.from(levels, (_, i) => ((i % 15) - 7) * step);
      k.dither(x, Float32Array.of(step), 18, 7, { k0: 1, k1: 2 }, 0, levels);
      assert.deepEqual(
        [...levels],
        Array.from(levels, (_, i) => (i % 15) - 7),
      );
    }
  });

  test(`${k.engine}: four bits hold the levels from −8 to 7, the first in the low half`, () => {
    const nibbles = new Uint8Array(2);
    const p = Float32Array.of(1.5, -1.5, -10.5);
    k.ditherNibbles(p, Float32Array.of(1.5), 3, { k0: 1, k1: 2 }, 0, nibbles);
    assert.deepEqual([...nibbles], [0xf1, 0x09]);
    k.ditherNibblesFeedback(p, Float32Array.of(1.5), 3, { k0: 1, k1: 2 }, 0, nibbles);
    assert.deepEqual(
      [[...nibbles], [...p]],
      [
        [0xf1, 0x09],
        [0, 0, 0],
      ],
    );
    nibbles[1] = 0x08;
    const levels = new Int16Array(3);
    k.unpackNibbles(nibbles, levels);
    assert.deepEqual([...levels], [1, -1, -8]);
    assert.deepEqual(
      [8, 15, 2].map((nibble) => k.holdsNibble(nibbles, nibble)),
      [true, true, false],
    );
  });

  test(`${k.engine}: vectors of other lengths are refused before anything is written`, () => {
    const [short, long, bits] = [new Float32Array(8), new Float32Array(9), new Uint8Array(1)];
    assert.throws(() => k.axpy(1, long, short), /bug: a kernel got vectors of 9/);
    assert.throws(() => k.add(short, short, long), /other lengths/);
    assert.throws(() => k.packSigns(long, bits), /1 bytes for 9 signs/);
    assert.throws(() => k.histogram(short, new Uint32Array(7)), /7 histogram bins/);
    const odd = [Float32Array.of(1, 1, 1), 3, { k0: 1, k1: 2 }, 0, new Uint8Array(5)] as const;
    assert.throws(() => k.ditherNibbles(long, ...odd), /nibbles of 9 entries in buckets of 3/);
    assert.throws(() => k.toHalf(long, new Uint8Array(16)), /16 bytes for 9 entries of 2/);
  });
}

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const bytesOf = (words: Uint16Array): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

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

/** What IEEE 754 says a half is worth; exponent 31 is one like the others here, and −0 is 0. */
function halfValue(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const [exponent, mantissa] = [(h >> 10) & 31, h & 1023];
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25)) + 0;
}
