/**
 * The contract of every channel. An implementation runs it in one line:
 *
 *     channelContract(errorFeedback(topK(3)));
 *
 * A channel that has a collector runs the contract of collectors with it.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CheckpointError, ConfigError, CorruptError, NonFiniteError, ShapeError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { MAX_LENGTH } from "../coding/limits.ts";
import { damaged, families, someVector } from "../compressors/vectors.contract.ts";
import type { Channel, Receiver, SavedChannel, Sender, Settled } from "./channel.ts";
import { collectorContract } from "./collector.contract.ts";

const { fround } = Math;
const LENGTH = 50;
const root = Random.fromSeed(11).split("channel contract");

type Round = { readonly x: Float32Array; readonly commits: boolean };

// Families whose sums of a few stay finite.
const calm = families.filter((family) => family !== "largest");

const rounds = (most: number): fc.Arbitrary<Round[]> =>
  fc.array(
    fc.tuple(fc.constantFrom(...calm), fc.nat(), fc.boolean()).map(([family, seed, commits]) => ({
      x: someVector(family, LENGTH, Random.fromSeed(seed)),
      commits,
    })),
    { minLength: 1, maxLength: most },
  );

/** Both ends, driven in step. The n-th round to be committed has the same randomness whatever was undone before it. */
class Wire {
  readonly sender: Sender;
  readonly receiver: Receiver;
  #settled = 0;

  constructor(channel: Channel, length = LENGTH) {
    this.sender = channel.sender(length);
    this.receiver = channel.receiver(length);
  }

  get rng(): Random {
    return root.split(`round/${this.#settled}`);
  }

  /** One round; the message and what came of it. */
  play({ x, commits }: Round): { message: Uint8Array; out: Float32Array } {
    const message = this.sender.encode(x, this.rng).slice();
    const out = new Float32Array(x.length);
    this.receiver.decode(message, out, this.rng);
    for (const end of [this.sender, this.receiver]) commits ? end.commit() : end.rollback();
    if (commits) this.#settled += 1;
    return { message, out };
  }

  save(): { sender: SavedChannel; receiver: SavedChannel } {
    return { sender: this.sender.save(), receiver: this.receiver.save() };
  }

  /** Takes over the state of another wire. */
  follow(other: Wire, saved: { sender: SavedChannel; receiver: SavedChannel }): this {
    this.sender.restore(saved.sender);
    this.receiver.restore(saved.receiver);
    this.#settled = other.#settled;
    return this;
  }
}

export function channelContract(channel: Channel): void {
  const wire = () => new Wire(channel);

  describe(`channel ${channel.name}`, () => {
    test("rounds rolled back leave no trace in later messages, results and memories", () => {
      fc.assert(
        fc.property(rounds(8), (all) => {
          const [withUndone, without] = [wire(), wire()];
          for (const round of all) {
            const played = withUndone.play(round);
            if (round.commits) assert.deepEqual(without.play(round), played);
          }
          assert.deepEqual(withUndone.save(), without.save());
        }),
      );
    });

    test("what the ends mirror is the same at both, bit for bit, after any rounds", () => {
      fc.assert(
        fc.property(rounds(8), (all) => {
          const w = wire();
          for (const round of all) {
            w.play(round);
            assert.deepEqual(w.receiver.save().shared, w.sender.save().shared);
          }
        }),
      );
    });

    test("a receiver that missed rounds goes on bit for bit with what its sender mirrors", () => {
      fc.assert(
        fc.property(rounds(3), rounds(4), rounds(3), (before, missed, after) => {
          const [first, other] = [wire(), wire()];
          for (const round of before) assert.deepEqual(other.play(round), first.play(round));
          for (const round of missed) first.play({ ...round, commits: true });
          other.follow(first, { sender: first.sender.save(), receiver: other.receiver.save() });
          other.receiver.restore({ shared: first.sender.save().shared, private: other.receiver.save().private });
          for (const round of after) assert.deepEqual(other.play(round), first.play(round));
        }),
      );
    });

    test("mirrored state that is not finite is refused and changes nothing", () => {
      const w = wire();
      w.play({ x: someVector("normal", LENGTH, root), commits: true });
      const before = w.save();
      for (const name of before.receiver.shared.keys()) {
        const bad = structuredClone(before.receiver);
        bad.shared.get(name)![0] = Number.NaN;
        assert.throws(() => w.receiver.restore(bad), NonFiniteError);
        assert.deepEqual(w.save(), before);
      }
    });

    test("encoding or decoding again without settling starts over from the settled memory", () => {
      fc.assert(
        fc.property(rounds(4), rounds(3), (all, retries) => {
          const [twice, once] = [wire(), wire()];
          const out = new Float32Array(LENGTH);
          for (const round of all) {
            for (const { x } of retries) twice.receiver.decode(twice.sender.encode(x, twice.rng), out, twice.rng);
            assert.deepEqual(twice.play(round), once.play(round));
          }
          assert.deepEqual(twice.save(), once.save());
        }),
      );
    });

    test("a restored pair of ends goes on with the same messages, bit for bit", () => {
      fc.assert(
        fc.property(rounds(5), rounds(5), (before, after) => {
          const first = wire();
          for (const round of before) first.play(round);
          const saved = first.save();
          const second = wire().follow(first, saved);
          assert.deepEqual(second.save(), saved);
          for (const round of after) assert.deepEqual(second.play(round), first.play(round));
          assert.deepEqual(second.save(), first.save());
        }),
      );
    });

    test("what was saved is a copy, and saving in the middle of a round gives the memory before it", () => {
      fc.assert(
        fc.property(rounds(3), rounds(3), (before, after) => {
          const w = wire();
          for (const round of before) w.play(round);
          const saved = structuredClone(w.save());
          const kept = w.save();
          w.receiver.decode(w.sender.encode(after[0]!.x, w.rng), new Float32Array(LENGTH), w.rng);
          assert.deepEqual(w.save(), saved);
          for (const round of after) w.play({ ...round, commits: true });
          assert.deepEqual(kept, saved);
        }),
      );
    });

    test("restoring replaces what an end remembered", () => {
      fc.assert(
        fc.property(rounds(4), rounds(4), rounds(3), (before, others, after) => {
          const [first, used] = [wire(), wire()];
          for (const round of before) first.play(round);
          for (const round of others) used.play({ ...round, commits: true });
          used.follow(first, first.save());
          assert.deepEqual(used.save(), first.save());
          for (const round of after) assert.deepEqual(used.play(round), first.play(round));
        }),
      );
    });

    test("restoring undoes a round in flight", () => {
      fc.assert(
        fc.property(rounds(3), ([round, ...rest]) => {
          const [disturbed, calmWire] = [wire(), wire()];
          disturbed.receiver.decode(disturbed.sender.encode(round!.x, root), new Float32Array(LENGTH), root);
          disturbed.follow(calmWire, calmWire.save());
          for (const next of rest) assert.deepEqual(disturbed.play(next), calmWire.play(next));
        }),
      );
    });

    test("a saved state with other names or lengths is refused", () => {
      const ends: Settled[] = [channel.sender(LENGTH), channel.receiver(LENGTH)];
      const other: Settled[] = [channel.sender(LENGTH + 1), channel.receiver(LENGTH + 1)];
      for (const [i, end] of ends.entries()) {
        const saved = end.save();
        const stranger = new Map([["stranger", new Float32Array(LENGTH)]]);
        assert.throws(() => end.restore({ ...saved, private: stranger }), CheckpointError);
        assert.throws(() => end.restore({ ...saved, shared: stranger }), CheckpointError);
        if (saved.private.size + saved.shared.size > 0) {
          assert.throws(() => end.restore(other[i]!.save()), CheckpointError);
        }
      }
    });

    test("all receivers of a message hold the same result and memory, whether they decode or add", () => {
      fc.assert(
        fc.property(rounds(6), fc.constantFrom(1, 0.25, 1 / 3), (all, weight) => {
          const w = wire();
          const adding = channel.receiver(LENGTH);
          for (const [number, round] of all.entries()) {
            const rng = w.rng;
            const { message, out } = w.play(round);
            const sum = someVector("normal", LENGTH, root.split(`${number}`));
            const expected = sum.map((value, i) => value + fround(fround(weight) * out[i]!));
            adding.decodeAdd(message, sum, weight, rng);
            round.commits ? adding.commit() : adding.rollback();
            assert.ok(sum.every((value, i) => value === expected[i]));
            assert.deepEqual(adding.save(), w.receiver.save());
          }
        }),
      );
    });

    test("no message is longer than promised", () => {
      fc.assert(
        fc.property(rounds(5), (all) => {
          const w = wire();
          for (const round of all) assert.ok(w.play(round).message.length <= channel.maxBytes(LENGTH));
        }),
      );
    });

    test("a vector of another length, or with NaN, is refused and changes nothing", () => {
      fc.assert(
        fc.property(rounds(3), rounds(3), fc.nat(LENGTH - 1), (before, after, at) => {
          const [disturbed, undisturbed] = [wire(), wire()];
          for (const round of before) assert.deepEqual(disturbed.play(round), undisturbed.play(round));
          const bad = someVector("normal", LENGTH, root);
          bad[at] = Number.NaN;
          assert.throws(() => disturbed.sender.encode(bad, root), NonFiniteError);
          assert.throws(() => disturbed.sender.encode(new Float32Array(LENGTH + 1), root), ShapeError);
          const message = new Uint8Array(0);
          assert.throws(() => disturbed.receiver.decode(message, new Float32Array(LENGTH - 1), root), ShapeError);
          assert.throws(() => disturbed.receiver.decodeAdd(message, new Float32Array(LENGTH - 1), 1, root), ShapeError);
          assert.deepEqual(disturbed.save(), undisturbed.save());
          for (const round of after) assert.deepEqual(disturbed.play(round), undisturbed.play(round));
        }),
        { numRuns: 30 },
      );
    });

    test("damaged messages, and those of other lengths, give finite values or a CorruptError, and can be undone", () => {
      const messageOf = (length: number) => channel.sender(length).encode(someVector("normal", length, root), root);
      const hostile = fc.oneof(
        damaged(messageOf(LENGTH).slice()),
        fc.constantFrom(7, 500).map((n) => messageOf(n)),
      );
      fc.assert(
        fc.property(hostile, rounds(2), (message, after) => {
          const [disturbed, undisturbed] = [wire(), wire()];
          const out = new Float32Array(LENGTH).fill(0.5);
          try {
            disturbed.receiver.decode(message, out, root);
            assert.ok(out.every(Number.isFinite));
          } catch (error) {
            assert.ok(error instanceof CorruptError, String(error));
            assert.ok(out.every((value) => value === 0.5));
          }
          disturbed.receiver.rollback();
          for (const round of after) assert.deepEqual(disturbed.play(round), undisturbed.play(round));
        }),
        { numRuns: 300 },
      );
    });

    test("an encode or a decode that throws leaves no round in flight", () => {
      const [disturbed, undisturbed] = [wire(), wire()];
      const x = someVector("normal", LENGTH, root);
      const message = disturbed.sender.encode(x, root).slice();
      disturbed.receiver.decode(message, new Float32Array(LENGTH), root);
      assert.throws(() => disturbed.sender.encode(new Float32Array(LENGTH).fill(Number.NaN), root), NonFiniteError);
      const long = Uint8Array.of(...message, 1, 2, 3, 4, 5);
      assert.throws(() => disturbed.receiver.decode(long, new Float32Array(LENGTH), root), CorruptError);
      try {
        disturbed.sender.commit();
      } catch (error) {
        assert.match(String(error), /bug: commit without a round in flight/);
      }
      disturbed.receiver.commit();
      assert.deepEqual(disturbed.save(), undisturbed.save());
      assert.deepEqual(disturbed.play({ x, commits: true }), undisturbed.play({ x, commits: true }));
    });

    test("messages that would add up to more than f32 holds give finite values or a CorruptError", () => {
      const message = channel.sender(LENGTH).encode(new Float32Array(LENGTH).fill(6e37), root).slice();
      const receiver = channel.receiver(LENGTH);
      const out = new Float32Array(LENGTH);
      for (let round = 0; round < 12; round++) {
        const before = out.slice();
        try {
          receiver.decode(message, out, root);
          assert.ok(out.every(Number.isFinite));
        } catch (error) {
          assert.ok(error instanceof CorruptError, String(error));
          assert.deepEqual(out, before);
        }
        receiver.commit();
        for (const values of receiver.save().shared.values()) assert.ok(values.every(Number.isFinite));
      }
    });

    test("rolling back with nothing in flight is harmless", () => {
      const w = wire();
      w.sender.rollback();
      w.receiver.rollback();
      const fresh = wire();
      const round = { x: someVector("normal", LENGTH, root), commits: true };
      assert.deepEqual(w.play(round), fresh.play(round));
    });

    test("a length that no frame carries is refused at once", () => {
      for (const length of [-1, 1.5, MAX_LENGTH + 1]) {
        assert.throws(() => channel.sender(length), ConfigError);
        assert.throws(() => channel.receiver(length), ConfigError);
      }
    });
  });

  if (channel.collector !== undefined) collectorContract(channel);
}
