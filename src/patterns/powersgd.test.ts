import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mean } from "../aggregators/mean.ts";
import { ConfigError } from "../base/errors.ts";
import { type Layout, layoutOf, tensorOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { bitsPerSecond, seconds } from "../base/units.ts";
import { direct } from "../channels/direct.ts";
import { errorFeedback } from "../channels/error-feedback.ts";
import { identity } from "../compressors/identity.ts";
import { topK } from "../compressors/top-k.ts";
import type { Peer } from "../ports/peer.ts";
import { peerId, type View } from "../ports/view.ts";
import { RecordingMeter } from "../rounds/recording-meter.ts";
import { simulate } from "../simulation/simulate.ts";
import { type Alone, openAlone } from "./open-alone.ts";
import { parameterServer } from "./parameter-server.ts";
import { patternContract } from "./pattern.contract.ts";
import type { Exchange, Pattern } from "./pattern.ts";
import { type PowerSgdOptions, powerSgd } from "./powersgd.ts";
import { ringAllReduce } from "./ring-all-reduce.ts";

const FAST = bitsPerSecond(Number.POSITIVE_INFINITY);
const LINK = { up: FAST, down: FAST, latency: seconds(0) };
const FREE = { codecCost: seconds(0) };

const exact = direct(identity());
const server = parameterServer({ up: exact, down: exact, aggregate: mean });
const forgetful = errorFeedback(topK(3));
const compressed = parameterServer({ up: forgetful, down: forgetful, aggregate: mean });

/** 37 entries, as in the contract. */
const LAYOUT = layoutOf([
  ["bias", [2]],
  ["kernel", [5, 3, 1]],
  ["weight", [4, 5]],
]);
const withTensors = (pattern: Pattern): Pattern => ({
  ...pattern,
  open: (peer, _, settings, memory) => pattern.open(peer, LAYOUT, settings, memory),
});
/** Factors all matrices, however small. */
const always = (inner: Pattern, rank: number): Pattern => withTensors(powerSgd(inner, { rank, leastRate: 0 }));

const run = async <T>(view: View, program: (peer: Peer) => Promise<T>) =>
  (await simulate({ view, seed: 1, link: LINK }, program)).results;

const inners: readonly (readonly [string, Pattern])[] = [
  ["parameter server", server],
  ["ring all-reduce", ringAllReduce],
  ["compressed parameter server", compressed],
];
for (const [name, inner] of inners) {
  const uncompressed = always(inner === compressed ? server : inner, 5);
  patternContract(
    { name: `powersgd over a ${name}`, uncompressed, compressed: always(inner, 2), ownServer: true },
    run,
  );
}

const members = (n: number): View => {
  const ids = Array.from({ length: n }, (_, i) => peerId(i));
  return { epoch: 0, members: ids, workers: ids };
};

interface Told {
  readonly out: Float32Array;
  /** e of this peer after the round. */
  readonly error: Float32Array;
}

/** One peer's rounds; `vectors[t]` is its share in round t. */
async function rounds(exchange: Exchange & Alone, length: number, vectors: readonly Float32Array[]): Promise<Told[]> {
  const told: Told[] = [];
  for (const [number, own] of vectors.entries()) {
    const out = new Float32Array(length);
    await exchange.average(own, out, { number, attempt: 0 }, 0);
    told.push({ out, error: exchange.save().get("powersgd/private/error") ?? new Float32Array(length) });
  }
  return told;
}

/** Runs workers with `shares[worker][round]`. */
const train = (
  options: PowerSgdOptions,
  layout: Layout,
  shares: readonly (readonly Float32Array[])[],
  inner = server,
) =>
  run(members(shares.length), (peer) =>
    rounds(openAlone(powerSgd(inner, options), peer, layout, FREE), layout.length, shares[peer.id]!),
  );

const normals = (name: string, length: number): Float32Array => {
  const rng = Random.fromSeed(11).split(name);
  return Float32Array.from({ length }, (_, i) => rng.normal(i));
};
const combined = (vectors: readonly Float32Array[], weight: number): Float64Array =>
  Float64Array.from(vectors[0]!, (_, j) => vectors.reduce((sum, x) => sum + weight * x[j]!, 0));
const norm = (x: ArrayLike<number>): number => Math.hypot(...Array.from(x));
const distance = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
  norm(Array.from(x, (value, i) => value - y[i]!));

/** Shares of 1 to 4 workers in 1 to 5 rounds. */
const shared = fc
  .record({ workers: fc.integer({ min: 1, max: 4 }), count: fc.integer({ min: 1, max: 5 }), seed: fc.nat() })
  .map(({ workers, count, seed }) =>
    Array.from({ length: workers }, (_, i) =>
      Array.from({ length: count }, (_, t) => normals(`${seed}/${i}/${t}`, LAYOUT.length)),
    ),
  );
const ranks = fc.integer({ min: 1, max: 6 });
const inner = fc.constantFrom(server, ringAllReduce);

test("what came out and what is remembered make up what went in", async () => {
  await fc.assert(
    fc.asyncProperty(shared, ranks, inner, async (shares, rank, pattern) => {
      const told = await train({ rank, leastRate: 0 }, LAYOUT, shares, pattern);
      const n = shares.length;
      const received = combined(
        told[0]!.map(({ out }) => out),
        1,
      );
      const remembered = combined(
        told.map((own) => own.at(-1)!.error),
        1 / n,
      );
      const sent = combined(shares.flat(), 1 / n);
      assert.ok(
        distance(
          Array.from(received, (value, j) => value + remembered[j]!),
          sent,
        ) < 1e-4,
      );
    }),
    { numRuns: 40 },
  );
});

test("n workers are one worker with the mean of their vectors", async () => {
  await fc.assert(
    fc.asyncProperty(shared, ranks, inner, async (shares, rank, pattern) => {
      const all = await train({ rank, leastRate: 0 }, LAYOUT, shares, pattern);
      const means = shares[0]!.map((_, t) =>
        Float32Array.from(
          combined(
            shares.map((own) => own[t]!),
            1 / shares.length,
          ),
        ),
      );
      const [one] = await train({ rank, leastRate: 0 }, LAYOUT, [means], pattern);
      for (const [t, { out }] of one!.entries()) assert.ok(distance(out, all[0]![t]!.out) < 1e-3, `round ${t}`);
    }),
    { numRuns: 40 },
  );
});

test("what is remembered is never longer than what went in, and plain tensors leave nothing", async () => {
  await fc.assert(
    fc.asyncProperty(shared, ranks, async (shares, rank) => {
      const [told] = await train({ rank, leastRate: 0 }, LAYOUT, [shares[0]!]);
      let before = new Float32Array(LAYOUT.length);
      for (const [t, { error }] of told!.entries()) {
        const m = Float32Array.from(shares[0]![t]!, (value, j) => value + before[j]!);
        for (const slot of LAYOUT.tensors) {
          assert.ok(norm(tensorOf(error, slot)) <= norm(tensorOf(m, slot)) * (1 + 1e-5));
        }
        assert.deepEqual([...error.subarray(0, 2)], [0, 0]);
        before = Float32Array.from(error);
      }
    }),
    { numRuns: 40 },
  );
});

test("with as many columns as the matrix has, the result is the mean itself", async () => {
  await fc.assert(
    fc.asyncProperty(shared, fc.integer({ min: 4, max: 9 }), async (shares, rank) => {
      const [told] = await train({ rank, leastRate: 0 }, LAYOUT, shares);
      for (const [t, { out }] of told!.entries()) {
        const sent = shares.map((own) => own[t]!);
        assert.ok(distance(out, combined(sent, 1 / sent.length)) < 1e-4, `round ${t}`);
      }
    }),
    { numRuns: 40 },
  );
});

const WIDE = layoutOf([["weight", [3, 2]]]);

test("with the Q of the round before, rounds on one matrix lead to its best approximation", async () => {
  const m = Float32Array.of(1, 2, 3, 4, 5, 6);
  const [told] = await train({ rank: 1, leastRate: 0, feedback: false }, WIDE, [Array.from({ length: 8 }, () => m)]);
  const errors = told!.map(({ out }) => distance(m, out) ** 2);
  assert.ok(Math.abs(errors.at(-1)! - 0.26450509) < 1e-6, `${errors}`);
  for (const [t, error] of errors.entries()) assert.ok(error >= 0.2645 && error <= errors[Math.max(0, t - 1)]! + 1e-6);
});

test("a matrix that was 0 for a while is found again", async () => {
  const zero = new Float32Array(6);
  const m = Float32Array.of(1, 2, 2, 4, 3, 6); // of rank 1: exact in one step
  const [told] = await train({ rank: 2, leastRate: 0 }, WIDE, [[m, zero, zero, m]]);
  assert.ok(norm(told![1]!.out) < 1e-5 && norm(told![2]!.out) < 1e-5);
  assert.ok(distance(told!.at(-1)!.out, m) < 1e-5);
  assert.ok(distance(told![0]!.out, m) < 1e-5);
});

test("matrices that would not save half of their bytes are averaged as they are", async () => {
  const layout = layoutOf([
    ["large", [12, 12]],
    ["small", [4, 4]],
    ["bias", [12]],
  ]);
  const view = members(3);
  const meters = view.members.map(() => new RecordingMeter());
  const pattern = powerSgd(server, { rank: 2 });
  const { results } = await simulate({ view, seed: 1, link: LINK, meter: (id) => meters[id]! }, (peer) =>
    rounds(openAlone(pattern, peer, layout, FREE), layout.length, [normals(`${peer.id}`, layout.length)]),
  );
  const share = normals("0", layout.length).map((value, j) =>
    [1, 2].reduce((sum, id) => sum + normals(`${id}`, layout.length)[j]! / 3, value / 3),
  );
  for (const [told] of results) assert.ok(distance(told!.out.subarray(144), share.subarray(144)) < 1e-5);
  assert.ok(distance(results[0]![0]!.out.subarray(0, 144), share.subarray(0, 144)) > 0.1);
  const sent = meters.flatMap((meter) => [...meter.totals().sent.values()]).reduce((a, b) => a + b, 0);
  assert.equal(sent, 4 * (24 + 1 + 4 * (16 + 12 + 2 * 12)) + 4 * (24 + 1 + 4 * 2 * 12));
  assert.equal(pattern.uncompressedBytes(view, layout.length), server.uncompressedBytes(view, layout.length));
});

test("what is remembered is rescaled for one round, and stays as it was if that is undone", async () => {
  const [m, u] = [normals("m", LAYOUT.length), normals("u", LAYOUT.length)];
  const [left] = await run(members(1), async (peer) => {
    const exchange = openAlone(powerSgd(server, { rank: 1, leastRate: 0 }), peer, LAYOUT, FREE);
    const [first] = await rounds(exchange, LAYOUT.length, [m]);
    const next = async (number: number, attempt: number, note: number) => {
      const out = new Float32Array(LAYOUT.length);
      await exchange.average(u, out, { number, attempt }, note);
      return { out, error: exchange.save().get("powersgd/private/error")! };
    };
    exchange.rescale?.(0.25);
    const undone = await next(1, 0, 1);
    assert.deepEqual(undone.error, first!.error);
    exchange.rescale?.(0.5);
    const second = await next(1, 1, 0);
    const third = await next(2, 0, 0);
    return [
      distance(
        second.out.map((value, j) => value + second.error[j]!),
        u.map((value, j) => value + 0.5 * first!.error[j]!),
      ),
      distance(
        third.out.map((value, j) => value + third.error[j]!),
        u.map((value, j) => value + second.error[j]!),
      ),
      norm(first!.error),
    ];
  });
  assert.ok(left![0]! < 1e-5 && left![1]! < 1e-5 && left![2]! > 0.5, `${left}`);
});

test("over channels that remember, a change of the unit that was undone leaves no trace", async () => {
  const [outs, again] = await Promise.all(
    [[], [0.25]].map(async (undone) => {
      const [told] = await run(members(1), async (peer) => {
        const exchange = openAlone(powerSgd(compressed, { rank: 1, leastRate: 0 }), peer, LAYOUT, FREE);
        await rounds(exchange, LAYOUT.length, [normals("m", LAYOUT.length)]);
        const out = new Float32Array(LAYOUT.length);
        for (const factor of undone) {
          exchange.rescale?.(factor);
          await exchange.average(out, out, { number: 1, attempt: 0 }, 1);
        }
        exchange.rescale?.(0.5);
        await exchange.average(normals("u", LAYOUT.length), out, { number: 1, attempt: 1 }, 0);
        return [out, exchange.save()];
      });
      return told;
    }),
  );
  assert.deepEqual(again, outs);
});

test("ranks that are no whole numbers, and members that may be absent, are refused", () => {
  for (const rank of [0, 1.5, Number.NaN]) assert.throws(() => powerSgd(server, { rank }), ConfigError);
  const participation = { share: 0.5, draw: "each" } as const;
  const partial = parameterServer({ up: exact, down: exact, aggregate: mean, participation });
  assert.throws(() => powerSgd(partial, { rank: 1 }), /all take part/);
});
