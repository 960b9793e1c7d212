import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { judge } from "./judgement.ts";

type Words = ReadonlyMap<number, ReadonlySet<number>>;

const members = (count: number): number[] => Array.from({ length: count }, (_, rank) => rank);
const wordsOf = (pairs: readonly (readonly [number, number])[]): Words => {
  const words = new Map<number, Set<number>>();
  for (const [by, one] of pairs) words.set(by, (words.get(by) ?? new Set()).add(one));
  return words;
};
/** As `words.ts` bounds it in the first view. */
const tooMany = (count: number, words: Words) => (by: number) => 2 * (words.get(by)?.size ?? 0) >= count;
const atFault = (count: number, words: Words): number[] => [
  ...judge(members(count), words, tooMany(count, words)).atFault,
];

/** A swarm with one that lies, what it says, and who of the others has seen it. */
const oneLiar = fc.integer({ min: 3, max: 12 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    liar: fc.nat({ max: count - 1 }),
    accused: fc.uniqueArray(fc.nat({ max: count - 1 })),
    witnesses: fc.uniqueArray(fc.nat({ max: count - 1 })),
  }),
);

/** The pairs of accuser and accused. */
const saidIn = (liar: number, accused: readonly number[], witnesses: readonly number[]): [number, number][] => [
  ...accused.filter((one) => one !== liar).map((one): [number, number] => [liar, one]),
  ...witnesses.filter((one) => one !== liar).map((one): [number, number] => [one, liar]),
];

test("one that lies has nobody dropped but whom it accuses itself, and less than half of the members", () => {
  fc.assert(
    fc.property(oneLiar, ({ count, liar, accused, witnesses }) => {
      const dropped = atFault(count, wordsOf(saidIn(liar, accused, witnesses))).filter((one) => one !== liar);
      assert.ok(2 * dropped.length < count, `${dropped} of ${count}`);
      for (const one of dropped) assert.ok(accused.includes(one), `${one} was not accused`);
    }),
  );
});

test("one that lies is dropped, whatever it says, once two others have seen it; and none of those", () => {
  fc.assert(
    fc.property(oneLiar, ({ count, liar, accused, witnesses }) => {
      const seen = witnesses.filter((one) => one !== liar);
      fc.pre(seen.length >= 2);
      const dropped = atFault(count, wordsOf(saidIn(liar, accused, witnesses)));
      assert.ok(dropped.includes(liar));
      for (const one of seen) assert.ok(!dropped.includes(one), `witness ${one} was dropped`);
    }),
  );
});

test("one that more than half accuse has nobody dropped", () => {
  fc.assert(
    fc.property(oneLiar, ({ count, liar, accused, witnesses }) => {
      fc.pre(2 * witnesses.filter((one) => one !== liar).length > count);
      assert.deepEqual(atFault(count, wordsOf(saidIn(liar, accused, witnesses))), [liar]);
    }),
  );
});

test("whoever is accused by one member alone goes, unless it accuses that one and is older", () => {
  assert.deepEqual(atFault(4, wordsOf([[3, 0]])), [0]);
  assert.deepEqual(atFault(4, wordsOf([[0, 3]])), [3]);
  for (const pairs of [
    [
      [1, 2],
      [2, 1],
    ],
    [
      [2, 1],
      [1, 2],
    ],
  ] as [number, number][][])
    assert.deepEqual(atFault(4, wordsOf(pairs)), [2]);
});

test("of two members nobody is believed about the other, but by itself", () => {
  const words = wordsOf([
    [0, 1],
    [1, 0],
  ]);
  assert.deepEqual(atFault(2, words), []);
  assert.deepEqual([...judge([0, 1], words, (by) => by !== 0).atFault], [1]);
});

test("the judgement is the same in whatever order it was heard, and drops only who is accused", () => {
  const heard = fc.integer({ min: 2, max: 8 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      pairs: fc.array(fc.tuple(fc.nat({ max: count - 1 }), fc.nat({ max: count - 1 }))),
    }),
  );
  fc.assert(
    fc.property(heard, fc.infiniteStream(fc.nat()), ({ count, pairs }, dice) => {
      const shuffled = pairs.map((pair) => [dice.next().value, pair] as const).sort(([a], [b]) => a - b);
      const dropped = atFault(count, wordsOf(pairs));
      assert.deepEqual(atFault(count, wordsOf(shuffled.map(([, pair]) => pair))), dropped);
      for (const one of dropped) assert.ok(pairs.some(([by, accused]) => accused === one && by !== one));
    }),
  );
});

test("liars that are less than half cannot save one of them that all others have seen", () => {
  const several = fc
    .integer({ min: 4, max: 12 })
    .chain((count) =>
      fc.tuple(
        fc.constant(count),
        fc.nat({ max: Math.ceil(count / 2) - 2 }),
        fc.array(fc.tuple(fc.nat({ max: count - 1 }), fc.nat({ max: count - 1 }))),
      ),
    );
  fc.assert(
    fc.property(several, ([count, last, lies]) => {
      const isLiar = (one: number) => one <= last; // the oldest, whom ties favour
      const truths = members(count).flatMap((by) => (isLiar(by) ? [] : [[by, 0] as const]));
      assert.ok(
        atFault(count, wordsOf([...truths, ...lies.filter(([by, one]) => isLiar(by) && by !== one)])).includes(0),
      );
    }),
  );
});
