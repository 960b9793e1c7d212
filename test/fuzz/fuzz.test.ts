import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../src/base/random.ts";
import { corpus, corpusPath, savedCase } from "./corpus.ts";
import { Dice } from "./dice.ts";
import { fuzz, judge, runCase, targets } from "./fuzz.ts";
import { hostile } from "./hostile.ts";
import { messageRandom, Wrong } from "./target.ts";

const clock = () => performance.now();

test("two seconds of hostile bytes: every decoder gives a value or the right error", async () => {
  const { cases, failure } = await fuzz(1, [...targets.keys()], clock() + 2000, clock);
  assert.equal(failure, undefined, failure && `${failure.target}, case ${failure.number}: ${failure.why}`);
  assert.ok(cases >= targets.size);
});

test("whatever failed once passes now", async () => {
  for (const { what, target, length, bytes } of corpus()) {
    assert.equal(await judge(target, bytes, length, clock), undefined, what);
  }
});

test("valid messages are accepted, so that hostile ones start near what decoders read", async () => {
  for (const target of targets.values()) {
    const dice = new Dice(Random.fromSeed(2).split(target.name));
    const length = target.lengths[target.lengths.length >> 1]!;
    let accepted = 0;
    for (let i = 0; i < 20; i++)
      accepted += Number(await target.check(target.valid(length, dice), length, messageRandom));
    assert.ok(accepted > 0, target.name);
  }
});

test("a case is the same bytes each time", () => {
  const make = () => {
    const dice = new Dice(Random.fromSeed(3).split("case"));
    return Array.from({ length: 50 }, () => hostile(dice, () => dice.bytes(dice.below(40))));
  };
  assert.deepEqual(make(), make());
});

/** A decoder with a fault, under a name of its own. */
async function judged(name: string, check: () => boolean) {
  const target = { name, memoryLimit: 2 ** 20, lengths: [3], valid: () => Uint8Array.of(1, 2, 3), check };
  return judge(target, new Uint8Array(3), 3, clock);
}

test("a decoder that crashes, answers wrongly or takes too much memory is found", async () => {
  const crash = () => {
    throw new RangeError("offset is out of bounds");
  };
  const wrong = () => {
    throw new Wrong("an entry is not finite");
  };
  let kept: Uint8Array | undefined;
  const greedy = () => {
    kept = new Uint8Array(2 ** 22);
    return true;
  };
  assert.match(String(await judged("crash", crash)), /RangeError/);
  assert.match(String(await judged("wrong", wrong)), /not finite/);
  assert.match(String(await judged("greedy", greedy)), /bytes of memory/);
  assert.equal(kept?.length, 2 ** 22);
});

test("a decoder that takes too long is found", async () => {
  let now = 0;
  const target = {
    name: "slow",
    memoryLimit: 2 ** 20,
    lengths: [0],
    valid: () => new Uint8Array(0),
    check: () => true,
  };
  assert.match(String(await judge(target, new Uint8Array(0), 0, () => (now += 5000))), /took 5000 ms/);
});

test("a failure is saved where the corpus is read, with what replays it", () => {
  const failure = { target: "codec top-k:0.01", seed: 4, number: 5, length: 9, bytes: Uint8Array.of(1, 255), why: "x" };
  assert.match(corpusPath(failure), /corpus.compressors.fuzz-top-k-0\.01-4-5\.json$/);
  const [saved] = JSON.parse(savedCase(failure));
  assert.deepEqual(saved, { why: "x", spec: "top-k:0.01", length: 9, hex: "01ff", seed: 4, case: 5 });
  assert.match(corpusPath({ ...failure, target: "csv" }), /corpus.readers.fuzz-csv-4-5\.json$/);
});

test("a replayed case is judged anew", async () => {
  assert.equal(await runCase({ target: "codec sign", seed: 1, number: 0 }, clock), undefined);
});
