import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { peerId } from "../ports/view.ts";
import { Participation, type Sampling } from "./participation.ts";

const workers = Array.from({ length: 20 }, (_, i) => peerId(100 - i));
const open = (sampling: Sampling, seed = 1) => new Participation(sampling, workers, Random.fromSeed(seed));

test("a round has some of the workers, in rank order, the same for everyone who asks", () => {
  const sampling = fc.record({
    share: fc.double({ min: 0.01, max: 1, noNaN: true }),
    draw: fc.constantFrom("each", "count"),
  });
  fc.assert(
    fc.property(sampling, fc.nat(), fc.nat(1000), (chosen, seed, round) => {
      const of = open(chosen as Sampling, seed).of(round);
      assert.ok(of.length > 0);
      assert.deepEqual(
        of,
        workers.filter((worker) => of.includes(worker)),
      );
      assert.deepEqual(open(chosen as Sampling, seed).of(round), of);
    }),
  );
});

test("by count, a round has the nearest whole number above pn; every worker comes as often as another", () => {
  const participation = open({ share: 0.11, draw: "count" });
  const seen = new Map(workers.map((worker) => [worker, 0]));
  for (let round = 0; round < 2000; round++) {
    const of = participation.of(round);
    assert.equal(of.length, 3);
    assert.equal(participation.expected, 3);
    for (const worker of of) seen.set(worker, seen.get(worker)! + 1);
  }
  for (const times of seen.values()) assert.ok(Math.abs(times - 300) < 5 * Math.sqrt(300), `${times} of 2000`);
});

test("by count, pn that is a whole number but for rounding is that number", () => {
  assert.equal(open({ share: 0.55, draw: "count" }).expected, 11); // 0.55 · 20 = 11.000000000000002
});

test("one by one, a round has on average as many workers as expected, though none is never", () => {
  for (const [share, n] of [
    [0.5, 20],
    [0.1, 2],
  ] as const) {
    const participation = new Participation({ share, draw: "each" }, workers.slice(0, n), Random.fromSeed(1));
    let total = 0;
    for (let round = 0; round < 2000; round++) total += participation.of(round).length;
    assert.ok(Math.abs(total / 2000 - participation.expected) < 0.025 * participation.expected, `${total / 2000}`);
  }
});

test("absent workers come back in the first round in which they take part, or at the end", () => {
  const participation = open({ share: 0.1, draw: "each" });
  const absent = workers.filter((worker) => !participation.of(5).includes(worker));
  const returns = participation.returns(5, 30);
  assert.deepEqual([...returns.keys()].sort(), [...absent].sort());
  for (const [worker, back] of returns) {
    for (let round = 6; round < back; round++) assert.ok(!participation.of(round).includes(worker));
    assert.ok(back === 30 || participation.of(back).includes(worker));
  }
  assert.ok([...participation.returns(5, 7).values()].includes(7));
});

test("a share that is none, or too small to draw from, is refused", () => {
  for (const share of [0, -1, 1.1, 1e-9, Number.NaN]) assert.throws(() => open({ share, draw: "each" }), ConfigError);
});
