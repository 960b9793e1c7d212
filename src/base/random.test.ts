import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { draw, drawPair, philox4x32, Random } from "./random.ts";

const hex = (words: Iterable<number>): string => Array.from(words, (w) => w.toString(16).padStart(8, "0")).join(" ");
const root = Random.fromSeed(7);

test("Philox4x32-10 gives the published known answers", () => {
  const ones = 0xffffffff;
  assert.equal(hex(philox4x32([0, 0, 0, 0], [0, 0])), "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  assert.equal(hex(philox4x32([ones, ones, ones, ones], [ones, ones])), "408f276d 41c83b0e a20bc7c6 6d5451fd");
  const pi = philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]);
  assert.equal(hex(pi), "d16cfe09 94fdcceb 5001e420 24126ea1");
});

test("keys, draws, uniforms, normals and permutations are pinned: another engine must give the same", () => {
  const keys = [root, Random.fromSeed(2 ** 53 - 1), root.split(""), root.split("peer/3"), root.split("ü".repeat(40))];
  assert.deepEqual(
    keys.map(({ k0, k1 }) => hex([k0, k1])),
    PINNED.keys,
  );
  assert.equal(hex([0, 1, 2, 3, 1000, 2 ** 31, 2 ** 32 - 1].map((i) => root.u32(i))), PINNED.u32);
  assert.equal(hex([drawPair(0, 0, 0), drawPair(0, 0, 1), drawPair(1, 2, 3), drawPair(-1, -1, -1)]), PINNED.pair);
  assert.equal(hex([draw(0, 0, 0), draw(0, 0, 1), draw(1, 0, 0), draw(0, 1, 0), draw(-1, -1, -1)]), PINNED.draw);
  assert.deepEqual(
    [0, 1, 2].map((i) => root.uniform(i) * 2 ** 24),
    PINNED.uniform,
  );
  assert.deepEqual(
    [0, 1, 2, 3].map((i) => root.below(i, 10 ** (i + 1))),
    PINNED.below,
  );
  assert.deepEqual(
    [0, 1, 2, 3].map((i) => root.normal(i)),
    PINNED.normal,
  );
  assert.deepEqual([...root.permutation(10)], PINNED.permutation);
});

test("a name splits the same key every time, and names that look alike split different keys", () => {
  const names = [
    "",
    "a",
    "b",
    "a\0",
    "a/",
    "aa",
    "a".repeat(15),
    "a".repeat(16),
    "a".repeat(17),
    "a".repeat(32),
    "peer/1",
    "peer/11",
  ];
  assert.equal(new Set(names.map((name) => hex([root.split(name).k0, root.split(name).k1]))).size, names.length);
  fc.assert(
    fc.property(fc.string(), fc.maxSafeNat(), (name, seed) => {
      const split = (): string => JSON.stringify(Random.fromSeed(seed).split(name));
      assert.equal(split(), split());
    }),
  );
  assert.notDeepEqual(root.split("a").split("b"), root.split("ab"));
  assert.notDeepEqual(root.split("a").split("b"), root.split("b").split("a"));
});

test("a key is mixed with sixteen bytes of the name at a time, however long it is and whatever was split before", () => {
  const encoder = new TextEncoder();
  const split = ({ k0, k1 }: Pick<Random, "k0" | "k1">, name: string): { k0: number; k1: number } => {
    const text = encoder.encode(name);
    const padded = new Uint8Array(16 * (Math.floor(text.length / 16) + 1));
    padded.set(text);
    padded[text.length] = 0x80;
    const words = new DataView(padded.buffer);
    const word = (at: number): number => words.getUint32(at, true);
    for (let b = 0; b < padded.length; b += 16) {
      [k0, k1] = philox4x32([word(b), word(b + 4), word(b + 8), word(b + 12)], [k0, k1]);
    }
    return { k0, k1 };
  };
  const names = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.string({ minLength: 300, maxLength: 1500 }),
  );
  fc.assert(
    fc.property(fc.nat(), fc.array(names, { minLength: 1, maxLength: 4 }), (seed, path) => {
      const root = Random.fromSeed(seed);
      let expected: { k0: number; k1: number } = root;
      let got = root;
      for (const name of path) [expected, got] = [split(expected, name), got.split(name)];
      assert.deepEqual({ k0: got.k0, k1: got.k1 }, expected);
    }),
  );
});

test("uniform, below and permutation stay in their ranges", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(2 ** 31 - 1), fc.integer({ min: 1, max: 2 ** 32 }), (seed, i, m) => {
      const rng = Random.fromSeed(seed);
      const uniform = rng.uniform(i);
      assert.ok(uniform >= 0 && uniform < 1 && Math.fround(uniform) === uniform);
      const below = rng.below(i, m);
      assert.ok(Number.isInteger(below) && below >= 0 && below < m);
      assert.ok(Number.isFinite(rng.normal(i)));
    }),
  );
  fc.assert(
    fc.property(fc.nat(), fc.nat(200), (seed, n) => {
      const order = Random.fromSeed(seed).permutation(n);
      assert.deepEqual(
        [...order].sort((a, b) => a - b),
        Array.from({ length: n }, (_, i) => i),
      );
    }),
  );
});

// Statistical tests. Seeds are fixed, so none of them flickers; each bound is a z-score that a true source passes with
// the probability said beside it, over all the tests of one line together.
const KEYS: readonly Random[] = [root, root.split("a"), root.split("b"), Random.fromSeed(0), Random.fromSeed(2 ** 40)];
const COUNT = 2 ** 16;

/** Wilson and Hilferty: the z-score of a chi-square. */
function chiSquareZ(counts: ArrayLike<number>, expected: number): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += (counts[i]! - expected) ** 2 / expected;
  const spread = 2 / (9 * (counts.length - 1));
  return (Math.cbrt(sum / (counts.length - 1)) - 1 + spread) / Math.sqrt(spread);
}

const bitZ = (ones: number, count: number): number => (ones - count / 2) / Math.sqrt(count / 4);

/** Counts of each bit over many words. */
function bitCounts(words: Iterable<number>): number[] {
  const counts = new Array<number>(32).fill(0);
  for (const word of words) for (let b = 0; b < 32; b++) counts[b]! += (word >>> b) & 1;
  return counts;
}

/** Both mixes of a key and a counter. */
const MIXES = { draw, drawPair };
const STREAMS: readonly (readonly [string, Random, typeof draw])[] = Object.entries(MIXES).flatMap(([name, mix]) =>
  KEYS.map((rng, n) => [`${name}, key ${n}`, rng, mix] as const),
);

const wordsOf = ({ k0, k1 }: Random, count: number, step = 1, mix: typeof draw = draw): Uint32Array =>
  Uint32Array.from({ length: count }, (_, i) => mix(k0, k1, (i * step) >>> 0));

const within = (z: number, limit: number, what: string): void =>
  assert.ok(Math.abs(z) < limit, `${what}: z = ${z.toFixed(2)}`);

test("each of the 32 bits is one half of the time (320 tests, p = 2·10⁻⁴)", () => {
  for (const [stream, rng, mix] of STREAMS)
    for (const [b, ones] of bitCounts(wordsOf(rng, COUNT, 1, mix)).entries())
      within(bitZ(ones, COUNT), 5, `${stream}, bit ${b}`);
});

test("bytes are uniform at every place of the word, for dense and strided counters (400 tests, p = 2·10⁻⁴)", () => {
  for (const [stream, rng, mix] of STREAMS) {
    for (const step of [1, 2, 3, 16, 256, 4096, 65536, 2 ** 16 - 1, 0x9e3779b9, 2 ** 20]) {
      // A step of 2^20 meets only 2^12 counters before it comes round.
      const count = step === 2 ** 20 ? 2 ** 12 : COUNT;
      const words = wordsOf(rng, count, step, mix);
      for (const shift of [0, 8, 16, 24]) {
        const counts = new Uint32Array(256);
        for (const word of words) counts[(word >>> shift) & 255]! += 1;
        within(chiSquareZ(counts, count / 256), 5, `${stream}, step ${step}, byte ${shift / 8}`);
      }
    }
  }
});

test("draws i and i + 2^k share nothing: pairs of their bytes are uniform (340 tests, p = 2·10⁻⁴)", () => {
  for (const [stream, rng, mix] of STREAMS) {
    const words = wordsOf(rng, 2 * COUNT, 1, mix);
    for (let k = 0; k <= 16; k++) {
      for (const [a, b] of [
        [28, 28],
        [0, 28],
      ] as const) {
        const counts = new Uint32Array(256);
        for (let i = 0; i < COUNT; i++) counts[((words[i]! >>> a) & 15) * 16 + ((words[i + 2 ** k]! >>> b) & 15)]! += 1;
        within(chiSquareZ(counts, COUNT / 256), 5, `${stream}, lag 2^${k}`);
      }
    }
  }
});

test("the halves of one pair share nothing: counts of their upper and lower four bits are even (20 tests, p = 10⁻⁵)", () => {
  for (const rng of KEYS) {
    const words = wordsOf(rng, COUNT, 1, drawPair);
    for (const [a, b] of [
      [12, 28],
      [0, 16],
      [0, 28],
      [12, 16],
    ] as const) {
      const counts = new Uint32Array(256);
      for (const word of words) counts[((word >>> a) & 15) * 16 + ((word >>> b) & 15)]! += 1;
      within(chiSquareZ(counts, COUNT / 256), 5, `bits ${a} and ${b}`);
    }
  }
});

test("flipping any bit of i, k0 or k1 flips every bit of the draw half of the time (6,144 tests, p = 2·10⁻⁵)", () => {
  const trials = 2 ** 12;
  const inputs = wordsOf(root.split("avalanche"), 3 * trials);
  for (const [name, mix] of Object.entries(MIXES)) {
    for (const word of [0, 1, 2]) {
      for (let bit = 0; bit < 32; bit++) {
        const flips = Array.from({ length: trials }, (_, t) => {
          const at = [inputs[3 * t]!, inputs[3 * t + 1]!, inputs[3 * t + 2]!] as const;
          const [k0, k1, i] = at.map((value, w) => (w === word ? value ^ (1 << bit) : value));
          return mix(...at) ^ mix(k0!, k1!, i!);
        });
        for (const [b, ones] of bitCounts(flips).entries()) {
          within(bitZ(ones, trials), 6, `${name}, input ${["k0", "k1", "i"][word]} bit ${bit}, output bit ${b}`);
        }
      }
    }
  }
});

test("streams from names that differ in one character share nothing (128 tests, p = 10⁻⁴)", () => {
  const names = ["peer/1/x", "peer/2/x", "peer/1/y", "peer/1/x/", "Peer/1/x"];
  const [first, ...others] = names.map((name) => wordsOf(root.split(name), COUNT));
  for (const [n, other] of others.entries()) {
    for (const [b, ones] of bitCounts(first!.map((word, i) => word ^ other[i]!)).entries()) {
      within(bitZ(ones, COUNT), 5, `${names[0]} and ${names[n + 1]}, bit ${b}`);
    }
    const counts = new Uint32Array(256);
    for (let i = 0; i < COUNT; i++) counts[(first![i]! >>> 28) * 16 + (other[i]! >>> 28)]! += 1;
    within(chiSquareZ(counts, COUNT / 256), 5, `${names[0]} and ${names[n + 1]}`);
  }
});

test("words repeat as often as 32-bit words drawn with replacement do (p = 10⁻⁶)", () => {
  // Birthdays: 2^18 words have 2^36/2^33 = 8 equal pairs in the mean, Poisson; 4 generators make 32 ± 5.7.
  let repeats = 0;
  for (let g = 0; g < 4; g++) {
    const sorted = wordsOf(root.split(`birthday/${g}`), 2 ** 18).sort();
    for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) repeats += 1;
  }
  within((repeats - 32) / Math.sqrt(32), 5, `${repeats} repeats`);
});

test("spacings of sorted words repeat as often as they should (Marsaglia's birthday spacings, p = 10⁻⁶)", () => {
  // 4096 birthdays in a year of 2^32 days: 2^36/2^34 = 4 repeated spacings in the mean, Poisson; 100 years make 400 ± 20.
  let repeats = 0;
  for (let year = 0; year < 100; year++) {
    const days = wordsOf(root.split(`year/${year}`), 4096).sort();
    const spacings = days
      .subarray(1)
      .map((day, i) => day - days[i]!)
      .sort();
    for (let i = 1; i < spacings.length; i++) if (spacings[i] === spacings[i - 1]) repeats += 1;
  }
  within((repeats - 400) / 20, 5, `${repeats} repeats`);
});

test("gaps between small draws have the geometric distribution (5 tests, p = 10⁻⁵)", () => {
  const share = 1 / 16;
  for (const rng of KEYS) {
    const counts = new Uint32Array(64); // the last holds all longer gaps
    let gap = 0;
    let gaps = 0;
    for (const word of wordsOf(rng, 4 * COUNT)) {
      if (word < share * 2 ** 32) {
        counts[Math.min(gap, 63)]! += 1;
        gaps += 1;
        gap = 0;
      } else gap += 1;
    }
    const scaled = Array.from(counts, (count, g) => {
      const expected = gaps * (g < 63 ? share * (1 - share) ** g : (1 - share) ** 63);
      return 1 + (count - expected) / Math.sqrt(expected); // so that each term of the chi-square is what it must be
    });
    within(chiSquareZ(scaled, 1), 5, "gaps");
  }
});

test("uniforms and normals have the moments of their distribution (20 tests, p = 10⁻⁴)", () => {
  const count = COUNT;
  for (const rng of KEYS) {
    const mean = (of: (i: number) => number): number => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += of(i);
      return sum / count;
    };
    const root = Math.sqrt(count);
    within((mean((i) => rng.uniform(i)) - 0.5) * Math.sqrt(12) * root, 5, "mean of uniform");
    within(mean((i) => rng.normal(i)) * root, 5, "mean of normal");
    within(((mean((i) => rng.normal(i) ** 2) - 1) * root) / Math.sqrt(2), 5, "variance of normal");
    within(((mean((i) => rng.normal(i) ** 4) - 3) * root) / Math.sqrt(96), 6, "fourth moment of normal");
  }
});

test("below is uniform, also where m is no power of two (10 tests, p = 10⁻⁵)", () => {
  for (const rng of KEYS) {
    for (const m of [3, 1000]) {
      const counts = new Uint32Array(m);
      for (let i = 0; i < COUNT; i++) counts[rng.below(i, m)]! += 1;
      within(chiSquareZ(counts, COUNT / m), 5, `m = ${m}`);
    }
  }
});

test("all orders of four come equally often (p = 10⁻⁶)", () => {
  const counts = new Map<string, number>();
  for (let n = 0; n < 12_000; n++) {
    const order = root.split(`order/${n}`).permutation(4).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 24);
  within(chiSquareZ([...counts.values()], 500), 5, "orders");
});

const PINNED = {
  keys: ["462feb6f 4886d16c", "9ecbc434 b965b3f1", "03fe3b27 6e096fe7", "ae9ddd91 723e8796", "f6176f7c 931503fc"],
  u32: "29246cb8 e6a2844f 700b9ff5 c749e0e2 700a7b70 960b9f34 49fafade",
  pair: "00000000 01fce552 77643492 01fce552",
  draw: "00000000 042741d7 042741d6 780f8a7a f307835c",
  uniform: [2696300, 15114884, 7343007],
  below: [1, 43, 826, 7089],
  normal: [1.5534065031579372, 0.22873957991317553, 0.5374181682294603, -0.20680136984029573],
  permutation: [1, 0, 6, 2, 7, 8, 4, 5, 3, 9],
};
