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

test("one by one, a round has pn workers on average", () => {
  const participation = open({ share: 0.5, draw: "each" });
  let total = 0;
  for (let round = 0; round < 2000; round++) total += participation.of(round).length;
  assert.equal(participation.expected, 10);
  assert.ok(Math.abs(total / 2000 - 10) < 0.25, `${total / 2000}`);
});

test("the next round of a worker is the first one in which it takes part", () => {
  const participation = open({ share: 0.1, draw: "each" });
  for (const worker of workers) {
    const next = participation.next(worker, 5, 1000)!;
    for (let round = 6; round < next; round++) assert.ok(!participation.of(round).includes(worker));
    assert.ok(participation.of(next).includes(worker));
  }
  assert.equal(open({ share: 0.01, draw: "each" }).next(workers[0]!, 0, 1), undefined);
});

test("a share that is none is refused", () => {
  for (const share of [0, -1, 1.1, Number.NaN]) assert.throws(() => open({ share, draw: "each" }), ConfigError);
});
