/**
 * The contract of collectors, beside that of channels, which runs it.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CheckpointError, CorruptError, ShapeError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { damaged, families, someVector } from "../compressors/vectors.contract.ts";
import type { Channel, Collector, Receiver, SavedChannel, Sender, Settled } from "./channel.ts";

const LENGTH = 40;
const SENDERS = 3;
const root = Random.fromSeed(12).split("collector contract");

interface Round {
  readonly xs: readonly Float32Array[];
  readonly commits: boolean;
}

const calm = families.filter((family) => family !== "largest"); // sums of a few stay finite

const vectorsOfAll = fc
  .tuple(fc.constantFrom(...calm), fc.nat())
  .map(([family, seed]) =>
    Array.from({ length: SENDERS }, (_, i) => someVector(family, LENGTH, Random.fromSeed(seed).split(`${i}`))),
  );

const rounds = (most: number): fc.Arbitrary<Round[]> =>
  fc.array(fc.record({ xs: vectorsOfAll, commits: fc.boolean() }), { minLength: 1, maxLength: most });

/** Senders, a receiver for each of them, and a collector of them all, driven in step. */
class Gathering {
  readonly senders: readonly Sender[];
  readonly receivers: readonly Receiver[];
  readonly collector: Collector;
  #settled = 0;

  constructor(channel: Channel) {
    this.senders = Array.from({ length: SENDERS }, () => channel.sender(LENGTH));
    this.receivers = Array.from({ length: SENDERS }, () => channel.receiver(LENGTH));
    this.collector = channel.collector!(SENDERS, LENGTH);
  }

  messages(xs: readonly Float32Array[]): Uint8Array[] {
    return this.senders.map((sender, i) => sender.encode(xs[i]!, this.#rng(i)).slice());
  }

  collect(messages: readonly Uint8Array[]): Float32Array {
    const out = new Float32Array(LENGTH).fill(Number.NaN);
    this.collector.begin(out, SENDERS);
    for (const [i, message] of messages.entries()) this.collector.add(i, message, out, this.#rng(i));
    this.collector.finish(out);
    return out;
  }

  play({ xs, commits }: Round): { collected: Float32Array; received: Float32Array[] } {
    const messages = this.messages(xs);
    const collected = this.collect(messages);
    const received = this.receivers.map((receiver, i) => {
      const out = new Float32Array(LENGTH);
      receiver.decode(messages[i]!, out, this.#rng(i));
      return out;
    });
    const ends: Settled[] = [...this.senders, ...this.receivers, this.collector];
    for (const end of ends) commits ? end.commit() : end.rollback();
    if (commits) this.#settled += 1;
    return { collected, received };
  }

  save(): SavedChannel[] {
    return [...this.senders, ...this.receivers, this.collector].map((end) => end.save());
  }

  follow(other: Gathering, saved: readonly SavedChannel[]): this {
    for (const [i, end] of [...this.senders, ...this.receivers, this.collector].entries()) end.restore(saved[i]!);
    this.#settled = other.#settled;
    return this;
  }

  #rng(sender: number): Random {
    return root.split(`round/${this.#settled}/sender/${sender}`);
  }
}

export function collectorContract(channel: Channel): void {
  const gathering = () => new Gathering(channel);

  describe(`collector of ${channel.name}`, () => {
    test("it gives the mean of what receivers of the same messages hold, up to rounding", () => {
      fc.assert(
        fc.property(rounds(8), (all) => {
          const g = gathering();
          let largest = 0; // rounding errors of large vectors stay in the mean when small ones follow
          for (const round of all) {
            const { collected, received } = g.play(round);
            for (const x of [...round.xs, ...received])
              for (const value of x) largest = Math.max(largest, Math.abs(value));
            const gap = collected.map((value, i) => {
              return value - received.reduce((sum, r) => sum + r[i]! / SENDERS, 0);
            });
            assert.ok(gap.every((value) => Math.abs(value) <= 1e-5 * largest + 64 * 2 ** -149));
          }
        }),
      );
    });

    test("rounds rolled back leave no trace in it", () => {
      fc.assert(
        fc.property(rounds(6), (all) => {
          const [withUndone, without] = [gathering(), gathering()];
          for (const round of all) {
            const played = withUndone.play(round);
            if (round.commits) assert.deepEqual(without.play(round), played);
          }
          assert.deepEqual(withUndone.save(), without.save());
        }),
      );
    });

    test("beginning again without settling starts over, and saving then gives the memory before the round", () => {
      fc.assert(
        fc.property(rounds(4), vectorsOfAll, (all, retried) => {
          const [twice, once] = [gathering(), gathering()];
          for (const round of all) {
            const saved = twice.collector.save();
            twice.collect(twice.messages(retried));
            assert.deepEqual(twice.collector.save(), saved);
            assert.deepEqual(twice.play(round), once.play(round));
          }
          assert.deepEqual(twice.save(), once.save());
        }),
      );
    });

    test("a restored one goes on bit for bit, and a round in flight is forgotten", () => {
      fc.assert(
        fc.property(rounds(4), rounds(4), vectorsOfAll, (before, after, inFlight) => {
          const [first, second] = [gathering(), gathering()];
          for (const round of before) first.play(round);
          second.collect(second.messages(inFlight));
          second.follow(first, first.save());
          assert.deepEqual(second.save(), first.save());
          for (const round of after) assert.deepEqual(second.play(round), first.play(round));
          assert.deepEqual(second.save(), first.save());
        }),
      );
    });

    test("what was saved is a copy, and other names or lengths are refused", () => {
      const g = gathering();
      const saved = g.collector.save();
      const kept = structuredClone(saved);
      g.play({ xs: g.senders.map((_, i) => someVector("normal", LENGTH, root.split(`${i}`))), commits: true });
      assert.deepEqual(saved, kept);
      assert.notDeepEqual(g.collector.save(), kept);
      const stranger = new Map([["stranger", new Float32Array(LENGTH)]]);
      for (const half of ["shared", "private"]) {
        assert.throws(() => g.collector.restore({ ...saved, [half]: stranger }), CheckpointError);
      }
      assert.throws(() => g.collector.restore(channel.collector!(SENDERS, LENGTH + 1).save()), CheckpointError);
    });

    test("settling with nothing in flight is harmless, and an output of another length is refused", () => {
      const [idle, fresh] = [gathering(), gathering()];
      idle.collector.rollback();
      idle.collector.commit();
      assert.throws(() => idle.collector.begin(new Float32Array(LENGTH + 1), SENDERS), ShapeError);
      idle.collector.commit();
      assert.deepEqual(idle.collector.save(), fresh.collector.save());
    });

    test("messages that would add up to more than f32 holds give a finite mean or a CorruptError", () => {
      const g = gathering();
      const messages = g.messages(g.senders.map(() => new Float32Array(LENGTH).fill(6e37)));
      for (let round = 0; round < 12; round++) {
        try {
          assert.ok(g.collect(messages).every(Number.isFinite));
          g.collector.commit();
        } catch (error) {
          assert.ok(error instanceof CorruptError, String(error));
          g.collector.rollback();
        }
      }
    });

    test("damaged messages give a finite mean or a CorruptError, and can be undone", () => {
      const xs = Array.from({ length: SENDERS }, (_, i) => someVector("normal", LENGTH, root.split(`${i}`)));
      const messages = gathering().messages(xs);
      fc.assert(
        fc.property(fc.tuple(...messages.map(damaged)), rounds(2), (hostile, after) => {
          const [disturbed, undisturbed] = [gathering(), gathering()];
          try {
            assert.ok(disturbed.collect(hostile).every(Number.isFinite));
          } catch (error) {
            assert.ok(error instanceof CorruptError, String(error));
          }
          disturbed.collector.rollback();
          for (const round of after) assert.deepEqual(disturbed.play(round), undisturbed.play(round));
        }),
        { numRuns: 200 },
      );
    });
  });
}
