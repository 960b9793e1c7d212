import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mean } from "../aggregators/mean.ts";
import { ConfigError, CorruptError, NonFiniteError } from "../base/errors.ts";
import { flatLayout } from "../base/layout.ts";
import { bitsPerSecond, seconds } from "../base/units.ts";
import { direct } from "../channels/direct.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { peerId } from "../ports/view.ts";
import { tagOf } from "../rounds/round.ts";
import { adasumAllReduce } from "./adasum-all-reduce.ts";
import { allGather } from "./all-gather.ts";
import { FIRST, FREE, LINK, measure, normals, once, run, SIZES, viewOf } from "./all-reduce.contract.ts";
import { ALL_REDUCES, allReduce } from "./all-reduce.ts";
import { butterfly } from "./butterfly.ts";
import { compressedAllReduce } from "./compressed-all-reduce.ts";
import { hierarchical } from "./hierarchical.ts";
import { openAlone } from "./open-alone.ts";
import { patternContract } from "./pattern.contract.ts";
import type { Pattern } from "./pattern.ts";

const all: readonly (readonly [string, Pattern])[] = ALL_REDUCES.map((by) => [by, allReduce({ by })]);

for (const [name, pattern] of all) {
  patternContract({ name, uncompressed: pattern, compressed: pattern, ownServer: true, sizes: SIZES }, run);
}

const plain = direct(parseCompressor("identity", "test"));

/** The sum of one entry, rounded after each addition. */
type Order = (values: readonly number[]) => number;
const add = (a: number, b: number) => Math.fround(a + b);

/** 2^⌊log₂ n⌋ vectors, once the odd ones of the first pairs have joined the even ones. */
function folded(values: readonly number[]): number[] {
  const guests = values.length - 2 ** Math.floor(Math.log2(values.length));
  const hosts = Array.from({ length: guests }, (_, i) => add(values[2 * i]!, values[2 * i + 1]!));
  return [...hosts, ...values.slice(2 * guests)];
}

const orders: Readonly<Record<string, Order>> = {
  halving(values) {
    let sums = folded(values);
    for (let half = sums.length / 2; half >= 1; half /= 2) {
      sums = Array.from({ length: half }, (_, i) => add(sums[i]!, sums[i + half]!));
    }
    return sums[0]!;
  },
  tree(values) {
    const sums = [...values];
    for (let bit = 1; bit < sums.length; bit *= 2) {
      for (let i = 0; i + bit < sums.length; i += 2 * bit) sums[i] = add(sums[i]!, sums[i + bit]!);
    }
    return sums[0]!;
  },
};

for (const [name, order] of Object.entries(orders)) {
  test(`${name}: the order of the sums is that of its tree, whatever the number of members and entries`, async () => {
    const swarms = fc.record({ n: fc.integer({ min: 1, max: 11 }), length: fc.nat(20), seed: fc.nat() });
    await fc.assert(
      fc.asyncProperty(swarms, async ({ n, length, seed }) => {
        const own = Array.from({ length: n }, (_, i) => normals(`${seed}/${i}`, length));
        const expected = Float32Array.from({ length }, (_, j) => Math.fround(1 / n) * order(own.map((x) => x[j]!)));
        for (const out of await once(allReduce({ by: name as "tree" }), own)) assert.deepEqual(out, expected);
      }),
      { numRuns: 40 },
    );
  });
}

test("a butterfly, with any shares of its members, gives the mean, and with equal ones the bits of a ring", async () => {
  const swarms = fc.integer({ min: 1, max: 7 }).chain((n) =>
    fc.record({
      length: fc.nat(20),
      seed: fc.nat(),
      shares: fc.array(fc.nat(5), { minLength: n, maxLength: n }).filter((shares) => shares.some((w) => w > 0)),
    }),
  );
  await fc.assert(
    fc.asyncProperty(swarms, async ({ length, seed, shares }) => {
      const own = shares.map((_, i) => normals(`${seed}/${i}`, length));
      const ring = await once(allReduce({ by: "ring" }), own);
      assert.deepEqual(await once(butterfly(), own), ring);
      const [first, ...rest] = await once(butterfly({ shares }), own);
      for (const out of rest) assert.deepEqual(out, first);
      for (let j = 0; j < length; j++) assert.ok(Math.abs(first![j]! - ring[0]![j]!) < 1e-5);
    }),
    { numRuns: 30 },
  );
});

test("shares that are none, or not one for each member, are refused", async () => {
  for (const shares of [
    [0, 0],
    [-1, 2],
    [Number.NaN, 1],
  ])
    assert.throws(() => butterfly({ shares }), ConfigError);
  await assert.rejects(once(butterfly({ shares: [1, 2] }), [new Float32Array(1)]), ConfigError);
});

test("a round is over sooner if a member with a slow wire up owns nothing", async () => {
  const link = (id: number) => ({ ...LINK, up: bitsPerSecond(id === 0 ? 1e6 : 8e6) });
  const { took: even } = await measure(butterfly(), { n: 4, length: 10_000, link });
  const { took: uneven } = await measure(butterfly({ shares: [0, 1, 1, 1] }), { n: 4, length: 10_000, link });
  assert.ok(uneven < 0.8 * even, `${uneven} s and ${even} s`); // it sends one vector in place of 3/4 twice
});

for (const [name, pattern] of all) {
  test(`${name}: the bytes of a round are those that the pattern predicts`, async () => {
    for (const n of SIZES) {
      const { sent } = await measure(pattern, { n, length: 41, link: LINK });
      const bytes = sent.reduce((a, b) => a + b, 0);
      assert.equal(bytes, pattern.uncompressedBytes(viewOf(n), 41), `${n} members`);
    }
  });
}

/** Seconds of a round for latency α, and S bytes at β seconds each. */
const closedForms: Readonly<Record<string, (n: number, alpha: number, S: number, beta: number) => number>> = {
  ring: (n, alpha, S, beta) => 2 * (n - 1) * alpha + ((2 * (n - 1)) / n) * S * beta,
  halving: (n, alpha, S, beta) => 2 * Math.log2(n) * alpha + ((2 * (n - 1)) / n) * S * beta,
  tree: (n, alpha, S, beta) => 2 * Math.log2(n) * (alpha + S * beta),
  butterfly: (n, alpha, S, beta) => 2 * alpha + ((2 * (n - 1)) / n) * S * beta,
};

for (const [name, pattern] of all) {
  test(`${name}: a round on shaped wires takes the time of its closed form`, async () => {
    for (const n of [2, 4, 8, 16]) {
      for (const [length, latency, rate] of [
        [50_000, 0.001, 1e9],
        [10_000, 0.03, 20e6],
        [1000, 0.5, 20e6],
      ] as const) {
        const link = { up: bitsPerSecond(rate), down: bitsPerSecond(rate), latency: seconds(latency) };
        const { took } = await measure(pattern, { n, length, link });
        const expected = closedForms[name]!(n, latency, 4 * length, 8 / rate);
        assert.ok(
          Math.abs(took / expected - 1) < 0.01,
          `${n} members, ${length} entries: ${took} s, not ${expected} s`,
        );
      }
    }
  });
}

test("halving takes two vectors and two latencies more where the number of members is no power of two", async () => {
  const pattern = allReduce({ by: "halving" });
  const eight = (await measure(pattern, { n: 8, length: 10_000, link: LINK })).took;
  for (const n of [9, 12, 15]) {
    const { took } = await measure(pattern, { n, length: 10_000, link: LINK });
    const vector = (2 * (24 + 1 + 40_000)) / 1e6;
    assert.ok(Math.abs(took - (eight + vector + 0.02)) < 1e-9, `${n} members: ${took} s`);
  }
});

const several: readonly Pattern[] = [
  ...all.map(([, pattern]) => pattern),
  adasumAllReduce(),
  hierarchical(allReduce({ by: "ring" }), { groupSize: 2 }),
  allGather({ channel: plain, aggregate: mean }),
  compressedAllReduce({ up: plain, down: plain, aggregate: mean }),
];
for (const pattern of several) {
  test(`${pattern.name}: several exchanges of one round keep their mail apart`, async () => {
    const results = await run(viewOf(5), async (peer) => {
      const outs = [0, 1, 2].map(() => new Float32Array(7));
      const exchanges = outs.map((out, part) => {
        const own = Float32Array.from({ length: 7 }, (_, j) => (j % 5 === peer.id ? 10 * part + 1 : 0));
        return openAlone(pattern, peer, flatLayout(7), FREE).average(own, out, { ...FIRST, part }, 0);
      });
      await Promise.all(exchanges);
      return outs.map((out) => Math.round(out[0]! / outs[0]![0]!));
    });
    for (const result of results) assert.deepEqual(result, [1, 11, 21]);
  });
}

for (const [name, pattern] of all) {
  test(`${name}: vectors and sums that are not finite, and messages of the wrong length, are refused`, async () => {
    const attempt = (values: readonly number[]) =>
      once(
        pattern,
        values.map((value) => Float32Array.of(value, value)),
      );
    await assert.rejects(attempt([1, Number.NaN]), NonFiniteError);
    await assert.rejects(attempt([3e38, 3e38]), NonFiniteError); // nobody's fault
    for (const message of [[], [0, 0, 0], Array(13).fill(0)]) {
      const swarm = run(viewOf(2), async (peer) => {
        if (peer.id === 1) return peer.send(peerId(0), tagOf("up", FIRST), Uint8Array.from(message));
        await openAlone(pattern, peer, flatLayout(2), FREE).average(new Float32Array(2), new Float32Array(2), FIRST, 0);
      });
      await assert.rejects(swarm, CorruptError);
    }
  });
}
