/**
 * The contract of every aggregator. An implementation runs it in one line:
 *
 *     aggregatorContract("median");
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CheckpointError, CorruptError, NonFiniteError } from "../base/errors.ts";
import { flatLayout, type Layout, layoutOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import type { Channel, SavedChannel } from "../channels/channel.ts";
import { direct } from "../channels/direct.ts";
import { ef21 } from "../channels/ef21.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { peerId } from "../ports/view.ts";
import type { Aggregation, Aggregator } from "./aggregator.ts";
import { parseAggregator } from "./registry.ts";

export interface Traits {
  /** The order of equal senders matters: pairs or groups are formed along it. */
  readonly ordered?: boolean;
  /** Adding c to all vectors does not just add c to the result. */
  readonly anchored?: boolean;
  /** n times the same vector does not give that vector. */
  readonly reshapes?: boolean;
  /** A message that does not decode ends the round. */
  readonly strict?: boolean;
}

const plain: Channel = direct(parseCompressor("identity", "test"));
const mirrored: Channel = ef21(parseCompressor("top-k:3", "test"));

/** A server and those who send to it. */
export class Table {
  readonly aggregation: Aggregation;
  readonly #senders: ReturnType<Channel["sender"]>[];
  readonly #out: Float32Array;

  constructor(
    aggregator: Aggregator,
    count: number,
    layout: Layout = flatLayout(LENGTH),
    { channel = plain, weights }: { channel?: Channel; weights?: readonly number[] } = {},
  ) {
    const senders = Array.from({ length: count }, (_, i) => peerId(i));
    this.aggregation = aggregator.open({ channel, senders, layout, ...(weights && { weights }) });
    this.#senders = senders.map(() => channel.sender(layout.length, layout));
    this.#out = new Float32Array(layout.length);
  }

  /** One round up to its result. @param vectors of sender 0, 1, …; bytes are sent as they are, undefined takes no part */
  decide(vectors: readonly (ArrayLike<number> | Uint8Array | undefined)[], rng: Random = root): Float32Array {
    const present = vectors.filter((x) => x !== undefined).length;
    this.aggregation.begin(this.#out, present);
    for (const [i, x] of vectors.entries()) {
      if (x === undefined) continue;
      const own = rng.split(`from/${i}`);
      const message = x instanceof Uint8Array ? x : this.#senders[i]!.encode(Float32Array.from(x), own);
      this.aggregation.add(i, message, own, this.#out);
    }
    this.aggregation.finish(this.#out);
    return this.#out.slice();
  }

  settle(commits: boolean): void {
    for (const end of [...this.#senders, ...this.aggregation.ends.values()]) commits ? end.commit() : end.rollback();
  }

  /** A round that counts. */
  round(vectors: readonly ArrayLike<number>[], rng?: Random): Float32Array {
    const out = this.decide(vectors, rng);
    this.settle(true);
    return out;
  }

  save(): readonly SavedChannel[] {
    return [...this.#senders, ...this.aggregation.ends.values()].map((end) => end.save());
  }

  restore(saved: readonly SavedChannel[]): this {
    for (const [i, end] of [...this.#senders, ...this.aggregation.ends.values()].entries()) end.restore(saved[i]!);
    return this;
  }
}

const LENGTH = 37;
const COUNT = 7;
const layout = layoutOf([
  ["a", [30]],
  ["b", [7]],
]);
const root = Random.fromSeed(13).split("aggregator contract");
const GARBAGE = new Uint8Array(5).fill(0xff);

type Vectors = readonly Float32Array[];

/** Normal vectors, of one seed or of several rounds. */
const vectorsOf = (seed: number): Vectors =>
  Array.from({ length: COUNT }, (_, i) => {
    const rng = root.split(`vectors/${seed}/${i}`);
    return Float32Array.from({ length: LENGTH }, (_, j) => rng.normal(j));
  });

const vectors: fc.Arbitrary<Vectors> = fc.nat().map(vectorsOf);
const ends = fc.constantFrom("commit", "rollback", "abandon");
const rounds = fc.array(fc.record({ vectors, ending: ends }), { minLength: 1, maxLength: 6 });

export function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (let j = 0; j < expected.length; j++) {
    const error = Math.abs(actual[j]! - expected[j]!);
    assert.ok(error <= tolerance, `entry ${j}: ${actual[j]} is not within ${tolerance} of ${expected[j]}`);
  }
}

export function aggregatorContract(spec: string, traits: Traits = {}): void {
  const aggregator = parseAggregator(spec, "test");
  const table = (channel = plain) => new Table(aggregator, COUNT, layout, { channel });

  describe(`aggregator ${spec}`, () => {
    test("its name is its canonical spec", () => {
      assert.equal(aggregator.name, spec);
    });

    test("equal vectors and randomness give equal bits, in the round that is opened and in later ones", () => {
      fc.assert(fc.property(vectors, (xs) => assert.deepEqual(table().decide(xs), table().decide(xs))));
      const again = table();
      const first = again.decide(vectorsOf(1));
      again.settle(false);
      again.decide(vectorsOf(2));
      again.settle(false);
      assert.deepEqual(again.decide(vectorsOf(1)), first);
    });

    if (traits.ordered !== true) {
      test("it does not matter which sender sends which vector", () => {
        fc.assert(
          fc.property(vectors, fc.nat(), (xs, seed) => {
            const order = [...Random.fromSeed(seed).permutation(COUNT)];
            const permuted = order.map((i) => xs[i]!);
            near(table().decide(permuted), table().decide(xs), 1e-6);
          }),
        );
      });
    }

    if (traits.anchored !== true) {
      test("adding a vector to all adds it to the result", () => {
        fc.assert(
          fc.property(vectors, vectors, (xs, [c]) => {
            const moved = xs.map((x) => x.map((value, j) => value + c![j]!));
            const expected = table()
              .decide(xs)
              .map((value, j) => value + c![j]!);
            near(table().decide(moved), expected, 1e-4);
          }),
        );
      });
    }

    if (traits.reshapes !== true) {
      test("n times the same vector gives that vector", () => {
        fc.assert(fc.property(vectors, ([x]) => near(table().decide(Array(COUNT).fill(x)), x!, 1e-6)));
      });
    }

    test("rounds that are rolled back or abandoned leave no trace in later results and memories", () => {
      for (const channel of [plain, mirrored]) {
        fc.assert(
          fc.property(rounds, (all) => {
            const [withUndone, without] = [table(channel), table(channel)];
            for (const { vectors, ending } of all) {
              const out = withUndone.decide(vectors);
              if (ending !== "abandon") withUndone.settle(ending === "commit");
              if (ending === "commit") assert.deepEqual(without.round(vectors), out);
            }
            assert.deepEqual(withUndone.save(), without.save());
          }),
          { numRuns: 30 },
        );
      }
    });

    test("a commit with nothing in flight changes no memory, not even after a round that was rolled back", () => {
      for (const channel of [plain, mirrored]) {
        const server = table(channel);
        server.round(vectorsOf(1));
        const settled = server.save();
        server.decide(vectorsOf(2));
        server.settle(false);
        for (const end of server.aggregation.ends.values()) end.commit();
        assert.deepEqual(server.save(), settled);
      }
    });

    test("a restored aggregation goes on with the same bits, and refuses what is not its own", () => {
      for (const channel of [plain, mirrored]) {
        const whole = table(channel);
        for (const seed of [1, 2]) whole.round(vectorsOf(seed));
        const rest = table(channel).restore(whole.save());
        for (const seed of [3, 4]) assert.deepEqual(rest.round(vectorsOf(seed)), whole.round(vectorsOf(seed)));
        assert.deepEqual(rest.save(), whole.save());
      }
      const foreign = { shared: new Map([["foreign", new Float32Array(1)]]), private: new Map() };
      for (const end of table().aggregation.ends.values()) assert.throws(() => end.restore(foreign), CheckpointError);
    });

    if (traits.strict === true) {
      test("a message that does not decode ends the round with a typed error", () => {
        assert.throws(() => table().decide([GARBAGE, ...vectorsOf(1).slice(1)]), CorruptError);
      });
    } else {
      test("a message that does not decode costs its sender its say, and the round goes on while enough are left", () => {
        for (const channel of [plain, mirrored]) {
          const xs = vectorsOf(1);
          const server = table(channel);
          const before = server.decide(xs);
          server.settle(false);
          const out = server.decide([GARBAGE, ...xs.slice(1)]);
          assert.ok(out.every(Number.isFinite));
          server.settle(false);
          assert.throws(() => server.decide(Array(COUNT).fill(GARBAGE)), NonFiniteError);
          server.settle(false);
          assert.deepEqual(server.decide(xs), before);
        }
      });
    }
  });
}
