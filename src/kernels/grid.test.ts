import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Random } from "../base/random.ts";
import { bucketBytes, type Grid, headerBytes, levelsOf, quantisedBytes } from "./grid.ts";
import { type Kernels, kernels, leaseVectors, twin } from "./index.ts";
import { bytesIn, floatsIn, guardsHold, type Place, places } from "./vectors.contract.ts";

const { fround } = Math;
const LARGEST = 3.4028234663852886e38;

const grids: fc.Arbitrary<Grid> = fc.record({
  bits: fc.integer({ min: 2, max: 8 }),
  bucket: fc.constantFrom(8, 16, 24, 64, 256, 1024, 16384),
  symmetric: fc.boolean(),
});
const oneBit: Grid = { bits: 1, bucket: 64, symmetric: false };

const lengths = fc.oneof(fc.nat({ max: 70 }), fc.nat({ max: 2000 }), fc.integer({ min: 16300, max: 17500 }));

/** Orders of magnitude: ordinary, and where f32 underflows or overflows. */
const exponents = fc.constantFrom(0, 0, 0, -20, -36, -40, -44, 10, 30, 37, 38.4);

interface Drawn {
  readonly seed: number;
  readonly exponent: number;
  readonly shape: "normal" | "offset" | "constant" | "sparse" | "few values";
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  seed: fc.nat(),
  exponent: exponents,
  shape: fc.constantFrom("normal", "normal", "offset", "constant", "sparse", "few values"),
});

function fill(x: Float32Array, { seed, exponent, shape }: Drawn, name: string): Float32Array {
  const rng = Random.fromSeed(seed).split(name);
  const size = 10 ** exponent;
  for (let i = 0; i < x.length; i++) {
    const normal = rng.normal(i);
    const value = {
      normal,
      offset: 100 + normal,
      constant: -0.7,
      sparse: rng.u32(2 * i) % 20 === 0 ? normal : rng.u32(i) % 2 === 0 ? 0 : -0,
      "few values": (rng.u32(i) % 7) - 3,
    }[shape];
    x[i] = Math.max(-LARGEST, Math.min(LARGEST, value * size));
  }
  return x;
}

const HOME: Place = { inside: false, shift: 0 };
const anywhere = fc.array(places, { minLength: 5, maxLength: 5 });

/** All that the four kernels give for one vector. */
function results(k: Kernels, d: number, draw: Drawn, grid: Grid, random: boolean, at: readonly Place[]) {
  const key = random ? Random.fromSeed(draw.seed) : undefined;
  const [x, e, rest] = [0, 1, 2].map((n) => floatsIn(at[n] ?? HOME, d));
  assert.ok(x && e && rest);
  fill(x, draw, "x");
  fill(e, { ...draw, exponent: draw.exponent - 1 }, "e");
  const quantised = bytesIn(at[3] ?? HOME, quantisedBytes(grid, d)).fill(0xa5);
  if (!k.toGrid(x, grid, key, 7, quantised)) return [];
  const out = floatsIn(at[4] ?? HOME, d);
  k.fromGrid(quantised, grid, out);
  const sum = floatsIn(at[4] ?? HOME, d).fill(0.5);
  k.addGrid(quantised, grid, 0.3, sum);
  const encoded = quantised.slice();
  const finite = k.gridFeedback(x, e, grid, key, 2 ** 32 - 5, rest, quantised);
  return [x, bitsOf(out), bitsOf(sum), encoded, finite, ...(finite ? [bitsOf(rest), quantised.slice()] : [])];
}

const bitsOf = (x: Float32Array): Uint32Array => new Uint32Array(x.slice().buffer);

test("grids give the twin's bits at every width and magnitude, wherever vectors lie, and write nowhere else", () => {
  fc.assert(
    fc.property(
      lengths,
      drawn,
      fc.oneof(grids, fc.constant(oneBit)),
      fc.boolean(),
      anywhere,
      (d, draw, grid, random, at) => {
        const lease = leaseVectors();
        const got = results(kernels, d, draw, grid, random, at);
        assert.ok(guardsHold(), "wrote beside its vectors");
        lease.release();
        assert.deepStrictEqual(got, results(twin, d, draw, grid, random, []));
      },
    ),
    { numRuns: 300 },
  );
});

for (const k of [kernels, twin]) {
  test(`${k.engine}: codes of a symmetric grid count from −M, and ties go to the even one`, () => {
    // 63.5 and 31.75 and 12.7 steps of 1/127.
    const [grid, out] = [{ bits: 8, bucket: 256, symmetric: true }, new Uint8Array(8)];
    assert.ok(k.toGrid(Float32Array.of(0.5, -1, 0.25, 0.1), grid, undefined, 0, out));
    assert.deepEqual(
      [...out.subarray(4)],
      [64, -127, 32, 13].map((q) => q + 127),
    );
    assert.equal(new DataView(out.buffer).getFloat32(0, true), fround(1 / 127));
  });

  test(`${k.engine}: two bits hold (0, 1, 2, 3) exactly, first entry lowest`, () => {
    for (const key of [undefined, Random.fromSeed(3)]) {
      const [grid, out] = [{ bits: 2, bucket: 64, symmetric: false }, new Uint8Array(9)];
      assert.ok(k.toGrid(Float32Array.of(0, 1, 2, 3), grid, key, 0, out));
      assert.deepEqual([...out], [0, 0, 0x80, 0x3f, 0, 0, 0, 0, 0b11100100]);
    }
  });

  test(`${k.engine}: each entry is rounded to a point next to it, within half a step without a key`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), drawn, grids, fc.boolean(), (d, draw, grid, random) => {
        const x = fill(new Float32Array(d), draw, "x");
        const [quantised, out] = [new Uint8Array(quantisedBytes(grid, d)), new Float32Array(d)];
        assert.ok(k.toGrid(x, grid, random ? Random.fromSeed(draw.seed) : undefined, 0, quantised));
        k.fromGrid(quantised, grid, out);
        let at = 0;
        for (let start = 0; start < d; start += grid.bucket) {
          const entries = x.subarray(start, start + grid.bucket);
          const step = new DataView(quantised.buffer, at).getFloat32(0, true);
          const magnitude = entries.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
          const slack = step * 2 ** -13 + magnitude * 2 ** -22; // f32 arithmetic
          entries.forEach((value, i) => {
            assert.ok(Math.abs(out[start + i]! - value) <= (random ? 1 : 0.5) * step + slack, `${value}`);
          });
          assert.ok(step <= ((2 * magnitude) / levelsOf(grid)) * 1.000001 + 2 ** -149);
          at += bucketBytes(grid, entries.length);
        }
      }),
      { numRuns: 100 },
    );
  });

  test(`${k.engine}: a constant bucket and the ends of a range come back, and no value is −0`, () => {
    const grid = { bits: 3, bucket: 8, symmetric: false };
    const x = Float32Array.of(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, -0, 3, -4, 0.3, -0, -0, 0, 0);
    const [quantised, out] = [new Uint8Array(quantisedBytes(grid, 16)), new Float32Array(16)];
    assert.ok(k.toGrid(x, grid, undefined, 0, quantised));
    k.fromGrid(quantised, grid, out);
    assert.ok(out.subarray(0, 8).every((value) => value === fround(0.1)));
    assert.deepEqual([out[9], out[10]], [3, -4]);
    assert.ok(out.every((value) => !Object.is(value, -0)));
  });

  test(`${k.engine}: one entry that is not finite, wherever it lies, is found`, () => {
    const bad = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), bad, grids, (d, where, value, grid) => {
        const [x, zeros] = [new Float32Array(d).fill(1), new Float32Array(d)];
        x[where % d] = value;
        const quantised = new Uint8Array(quantisedBytes(grid, d));
        assert.equal(k.toGrid(x, grid, undefined, 0, quantised), false);
        assert.equal(k.gridFeedback(zeros, x, grid, undefined, 0, new Float32Array(d), quantised), false);
      }),
    );
  });

  test(`${k.engine}: a step that overflows is refused`, () => {
    const [x, quantised] = [Float32Array.of(-3e38, 3e38), new Uint8Array(9)];
    assert.equal(k.toGrid(x, oneBit, undefined, 0, quantised), false);
  });

  test(`${k.engine}: bytes of another length, and grids of other widths, are refused`, () => {
    const [x, grid] = [new Float32Array(9), { bits: 4, bucket: 8, symmetric: true }];
    assert.equal(quantisedBytes(grid, 9), 2 * headerBytes(grid) + 5);
    assert.throws(() => k.toGrid(x, grid, undefined, 0, new Uint8Array(12)), /12 bytes, not 13/);
    assert.throws(() => k.fromGrid(new Uint8Array(13), { ...grid, bits: 9 }, x), /9 bits/);
    assert.throws(() => k.addGrid(new Uint8Array(13), { ...grid, bucket: 9 }, 1, x), /buckets of 9/);
  });
}
