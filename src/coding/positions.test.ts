import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "./bytes.ts";
import { maxPositionsBytes, readPositions, riceBits, riceParameter, writePositions } from "./positions.ts";

const WHOLE_EXAMPLE = Uint32Array.of(62, 154, 449, 516, 804, 808, 905, 998);

function coded(positions: Uint32Array, length: number): Uint8Array {
  const sink = new ByteSink(new Uint8Array(maxPositionsBytes(positions.length, length)).fill(0xff));
  writePositions(positions, length, sink);
  return sink.written;
}

function decoded(bytes: Uint8Array, length: number, most = length): Uint32Array {
  const out = new Uint32Array(most);
  const source = new ByteSource(bytes);
  const count = readPositions(source, length, out);
  source.end();
  return out.subarray(0, count);
}

const masks: fc.Arbitrary<{ positions: Uint32Array; length: number }> = fc
  .tuple(fc.integer({ min: 1, max: 3000 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat())
  .map(([length, density, seed]) => {
    const rng = Random.fromSeed(seed);
    const all = Uint32Array.from({ length }, (_, i) => i);
    return { length, positions: all.filter((i) => rng.uniform(i) < density) };
  });

test("the Rice parameter of each published density is the optimum of its table", () => {
  const table = [
    [0.5, 0],
    [0.25, 1],
    [0.1, 3],
    [0.05, 4],
    [0.04, 4],
    [0.01, 6],
    [0.0025, 8],
    [0.001, 9],
  ] as const;
  for (const [density, parameter] of table)
    assert.equal(riceParameter(density * 1e6, 1e6), parameter, `p = ${density}`);
});

test("the published example takes 68 bits: 7d37e9a0bcf83a09c0", () => {
  const parameter = riceParameter(8, 1000);
  assert.equal(parameter, 6);
  assert.equal(riceBits(WHOLE_EXAMPLE, parameter), 68);
  assert.equal(Buffer.from(coded(WHOLE_EXAMPLE, 1000)).toString("hex"), "087d37e9a0bcf83a09c0");
});

test("random positions at 1 % come within 0.06 bits of the expected 8.11 a position", () => {
  const rng = Random.fromSeed(1);
  const positions = Uint32Array.from({ length: 400_000 }, (_, i) => i).filter((i) => rng.below(i, 100) === 0);
  const perPosition = riceBits(positions, riceParameter(positions.length, 400_000)) / positions.length;
  assert.ok(Math.abs(perPosition - 8.108) < 0.06, `${perPosition}`);
});

test("any mask comes back, in at most 1.125 bits an entry", () => {
  fc.assert(
    fc.property(masks, ({ positions, length }) => {
      const bytes = coded(positions, length);
      assert.deepEqual(decoded(bytes, length), positions);
      assert.ok(bytes.length <= 3 + (1.125 * length) / 8);
    }),
  );
});

test("the promised size holds for the worst masks: all positions late, all early, one cluster", () => {
  for (const length of [1, 2, 7, 100, 1000, 4097, 2 ** 28 - 1]) {
    for (let count = 1; count <= Math.min(length, 3000); count = Math.ceil(count * 1.3)) {
      const most = maxPositionsBytes(count, length);
      for (const start of [0, length - count, Math.floor((length - count) / 2)]) {
        const positions = Uint32Array.from({ length: count }, (_, i) => start + i);
        positions[count - 1] = length - 1;
        const sink = new ByteSink(most); // refuses to grow
        writePositions(positions, length, sink);
        const fewer = new ByteSink(most);
        writePositions(positions.subarray(Math.floor(count / 3)), length, fewer);
      }
    }
  }
});

test("dense masks take a bitmap, denser ones the gaps of what is absent", () => {
  const every = (step: number, length: number) =>
    Uint32Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step);
  assert.equal(coded(every(2, 1000), 1000).length, 2 + 125);
  const nearlyAll = Uint32Array.from({ length: 1000 }, (_, i) => i).filter((i) => !WHOLE_EXAMPLE.includes(i));
  assert.equal(coded(nearlyAll, 1000).length, 2 + 9);
  assert.deepEqual(decoded(coded(nearlyAll, 1000), 1000), nearlyAll);
});

test("an empty and a full mask take their count and nothing else", () => {
  assert.deepEqual([...coded(new Uint32Array(0), 1000)], [0]);
  assert.deepEqual([...coded(Uint32Array.of(0, 1, 2), 3)], [3]);
  assert.deepEqual([...decoded(Uint8Array.of(3), 3)], [0, 1, 2]);
});

test("more positions than expected, or than there are entries, are corrupt before anything is allocated", () => {
  assert.throws(() => decoded(coded(WHOLE_EXAMPLE, 1000), 1000, 7), CorruptError);
  assert.throws(() => decoded(Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0x0f), 1000), CorruptError);
});

test("positions beyond the length and padding that is not zero are corrupt", () => {
  assert.deepEqual([...decoded(Uint8Array.of(1, 0b1000_0000), 5)], [4]); // b = 2
  assert.throws(() => decoded(Uint8Array.of(1, 0b1001_0000), 5), CorruptError); // position 5 of 5
  assert.throws(() => decoded(Uint8Array.of(1, 0b1000_0001), 5), CorruptError);
  assert.deepEqual([...decoded(Uint8Array.of(2, 0b1110_0000), 5)], [3, 4]); // b = 0
  assert.throws(() => decoded(Uint8Array.of(2, 0b1111_0000), 5), CorruptError); // position 4, and one more
  assert.deepEqual([...decoded(Uint8Array.of(4, 0b1000_0000), 5)], [0, 1, 2, 3]); // 4 is absent
  assert.throws(() => decoded(Uint8Array.of(4, 0b1001_0000), 5), CorruptError);
});

test("the mask that suits its parameter least, all gaps even, stays below 1.125 bits an entry", () => {
  const worst = Uint32Array.from({ length: 380 }, (_, j) => j + 2 * Math.min(310, j)); // b = 1, each gap even
  assert.equal(worst.at(-1), 999);
  const bytes = coded(worst, 1000);
  assert.equal(bytes.length, 2 + Math.ceil((2 * 380 + 310) / 8));
  assert.deepEqual(decoded(bytes, 1000), worst);
});

test("any bytes give ascending positions below the length, or a CorruptError", () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .tuple(masks, fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 }), fc.nat())
      .map(([{ positions, length }, flips, cut]) => {
        const bytes = coded(positions, length).slice();
        for (const [at, bit] of flips) bytes[at % bytes.length]! ^= 1 << bit;
        return cut % 3 === 0 ? bytes.subarray(0, cut % (bytes.length + 1)) : bytes;
      }),
  );
  fc.assert(
    fc.property(hostile, fc.integer({ min: 1, max: 3000 }), (bytes, length) => {
      let positions: Uint32Array;
      try {
        positions = decoded(bytes, length);
      } catch (error) {
        assert.ok(error instanceof CorruptError, String(error));
        return;
      }
      for (const [j, position] of positions.entries())
        assert.ok(position < length && position > (positions[j - 1] ?? -1));
    }),
    { numRuns: 500 },
  );
});
