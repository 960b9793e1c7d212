import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mean } from "../aggregators/mean.ts";
import { parseAggregator } from "../aggregators/registry.ts";
import { CorruptError, NonFiniteError } from "../base/errors.ts";
import { flatLayout, layoutOf } from "../base/layout.ts";
import { under } from "../base/state.ts";
import type { Channel } from "../channels/channel.ts";
import { direct } from "../channels/direct.ts";
import { ef21 } from "../channels/ef21.ts";
import { errorFeedback } from "../channels/error-feedback.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { peerId } from "../ports/view.ts";
import { tagOf } from "../rounds/round.ts";
import { FIRST, FREE, LINK, measure, normals, once, run, SIZES, viewOf } from "./all-reduce.contract.ts";
import { cut } from "./all-reduce-schedule.ts";
import { compressedAllReduce } from "./compressed-all-reduce.ts";
import { ExchangeMemory } from "./exchange-memory.ts";
import { layoutWithin } from "./layout-within.ts";
import { openAlone } from "./open-alone.ts";
import { parameterServer } from "./parameter-server.ts";
import { patternContract } from "./pattern.contract.ts";

const of = (spec: string) => parseCompressor(spec, "test");
const both = (channel: Channel, aggregate = mean) => ({ up: channel, down: channel, aggregate });
const plain = both(direct(of("identity")));

for (const compressed of [both(errorFeedback(of("top-k:3"))), both(ef21(of("top-k:3")))]) {
  patternContract(
    {
      name: `compressed all-reduce by ${compressed.up.name}`,
      uncompressed: compressedAllReduce(plain),
      compressed: compressedAllReduce(compressed),
      ownServer: true,
      sizes: SIZES,
    },
    run,
  );
}

test("with exact channels it gives the bits of a parameter server, whatever the aggregate that looks entry by entry", async () => {
  const swarms = fc.record({ n: fc.integer({ min: 1, max: 7 }), length: fc.nat(20), seed: fc.nat() });
  const rules = fc.constantFrom("mean", "median", "majority-vote");
  await fc.assert(
    fc.asyncProperty(swarms, rules, async ({ n, length, seed }, rule) => {
      const own = Array.from({ length: n }, (_, i) => normals(`${seed}/${i}`, length));
      const slots = { ...plain, aggregate: parseAggregator(rule, "test") };
      assert.deepEqual(await once(compressedAllReduce(slots), own), await once(parameterServer(slots), own));
    }),
    { numRuns: 40 },
  );
});

test("results and what is remembered make up what went in: nothing is lost, only late", async () => {
  const [n, length, count] = [5, 23, 6];
  const pattern = compressedAllReduce(both(errorFeedback(of("top-k:1"))));
  const share = (id: number, round: number) => normals(`${id}/${round}`, length);
  const results = await run(viewOf(n), async (peer) => {
    const exchange = openAlone(pattern, peer, flatLayout(length), FREE);
    const outs: Float32Array[] = [];
    for (let number = 0; number < count; number++) {
      outs.push(new Float32Array(length));
      await exchange.average(share(peer.id, number), outs.at(-1)!, { number, attempt: 0 }, 0);
    }
    return { outs, saved: exchange.save() };
  });
  const total = new Float64Array(length);
  const add = (x: ArrayLike<number>, start = 0, weight = 1) => {
    for (let j = 0; j < x.length; j++) total[start + j]! += weight * x[j]!;
  };
  for (const out of results[0]!.outs) add(out);
  for (const [rank, { saved }] of results.entries()) {
    for (let j = 0; j < n; j++) add(under(`part/${j}/up/private`, saved).get("error")!, cut(j, n, length)[0], 1 / n);
    add(under(`part/${rank}/result/private`, saved).get("error")!, cut(rank, n, length)[0]);
    for (let number = 0; number < count; number++) add(share(rank, number), 0, -1 / n);
  }
  for (const rest of total) assert.ok(Math.abs(rest) < 1e-5, `${rest}`);
});

const bitsOf = (i: number): number => i.toString(2).replaceAll("0", "").length;

test("the error of unbiased messages is as predicted: each entry is compressed twice, by independent draws", async () => {
  // ω = 3; with V = ωn of the way up, E‖out − mean‖² = (V + ω(‖Σx‖² + V))/n² for vectors of length 1.
  const [length, rounds, omega] = [256, 100, 3];
  const pattern = compressedAllReduce(both(direct(of("rand-k:0.25"))));
  for (const n of [2, 4]) {
    // Of length 1 each, and orthogonal to each other: the signs of Walsh functions.
    const walsh = (i: number) => Float32Array.from({ length }, (_, j) => (bitsOf(i & j) % 2 === 0 ? 1 : -1) / 16);
    for (const [kind, own, sumSquares] of [
      ["orthogonal", Array.from({ length: n }, (_, i) => walsh(i)), n],
      ["aligned", Array.from({ length: n }, () => walsh(1)), n * n],
    ] as const) {
      const [outs] = await run(viewOf(n), async (peer) => {
        const exchange = openAlone(pattern, peer, flatLayout(length), FREE);
        const all: Float32Array[] = [];
        for (let number = 0; number < rounds; number++) {
          all.push(new Float32Array(length));
          await exchange.average(own[peer.id]!, all.at(-1)!, { number, attempt: 0 }, 0);
        }
        return all;
      });
      const exact = walsh(0).map((_, j) => own.reduce((sum, x) => sum + x[j]! / n, 0));
      const errors = outs!.map((out) => out.reduce((sum, value, j) => sum + (value - exact[j]!) ** 2, 0));
      const measured = errors.reduce((sum, error) => sum + error / rounds, 0);
      const variance = omega * n;
      const expected = (variance + omega * (sumSquares + variance)) / n ** 2;
      assert.ok(Math.abs(measured / expected - 1) < 0.1, `${n} ${kind}: ${measured}, not ${expected}`);
    }
  }
});

test("a part has a layout of its own: what is cut of a matrix is a matrix, and of a vector a vector", () => {
  const layout = layoutOf([
    ["weight", [3, 4]],
    ["bias", [5]],
    ["scale", []],
  ]);
  const shapes = [0, 1, 2].map((c) => layoutWithin(layout, cut(c, 3, layout.length)));
  assert.deepEqual(shapes, [
    { length: 6, tensors: [{ name: "weight", shape: [1, 6], offset: 0, length: 6 }] },
    { length: 6, tensors: [{ name: "weight", shape: [1, 6], offset: 0, length: 6 }] },
    {
      length: 6,
      tensors: [
        { name: "bias", shape: [5], offset: 0, length: 5 },
        { name: "scale", shape: [], offset: 5, length: 1 },
      ],
    },
  ]);
});

test("the bytes of a round in plain f32 are those that the pattern predicts, without data at one member too", async () => {
  const pattern = compressedAllReduce(plain);
  for (const n of SIZES) {
    const { sent } = await measure(pattern, { n, length: 41, link: LINK });
    assert.equal(
      sent.reduce((a, b) => a + b, 0),
      pattern.uncompressedBytes(viewOf(n), 41),
    );
  }
  // Two workers own 20 and 21 entries: each gets the other's share and a bare note, and sends what it owns to two.
  const members = [0, 1, 2].map(peerId);
  const view = { epoch: 0, members, workers: members.slice(1) };
  const bytes = 4 * (24 + 1) + 4 * 41 + 4 * (24 + 1) + 4 * 2 * 41;
  assert.equal(pattern.uncompressedBytes(view, 41), bytes);
  const sent = await run(view, async (peer) => {
    const own = peer.id === 0 ? null : new Float32Array(41);
    await openAlone(pattern, peer, flatLayout(41), FREE).average(own, new Float32Array(41), FIRST, 0);
    return [...peer.meter.totals().sent.values()].reduce((a, b) => a + b, 0);
  });
  const all = sent.reduce((a, b) => a + b, 0);
  assert.equal(all, bytes);
});

test("a wire down that all mirror is refused where members come and go", async () => {
  const pattern = compressedAllReduce(both(ef21(of("top-k:1"))));
  const opened = run(viewOf(2), async (peer) => {
    pattern.open(peer, flatLayout(2), { ...FREE, elastic: true }, new ExchangeMemory());
  });
  await assert.rejects(opened, /expected a channel whose receivers remember nothing/);
});

test("a round takes two latencies and 2(n − 1)/n of the compressed vector through each port", async () => {
  const sign = compressedAllReduce(both(errorFeedback(of("sign"))));
  const { took } = await measure(sign, { n: 8, length: 64_000, link: LINK });
  const message = 24 + 4 + 1000; // a frame, a scale, and a bit for each of 8000 entries
  assert.ok(Math.abs(took - (0.02 + (7 * (2 * message + 1)) / 1e6)) < 1e-9, `${took} s`);
});

test("a vector that is not finite, and a message that is none, end the run", async () => {
  const pattern = compressedAllReduce(plain);
  await assert.rejects(once(pattern, [Float32Array.of(1, 2), Float32Array.of(Number.NaN, 1)]), NonFiniteError);
  const swarm = run(viewOf(2), async (peer) => {
    if (peer.id === 1) return peer.send(peerId(0), tagOf("up", FIRST), Uint8Array.of(1, 2, 0));
    await openAlone(pattern, peer, flatLayout(2), FREE).average(new Float32Array(2), new Float32Array(2), FIRST, 0);
  });
  await assert.rejects(swarm, CorruptError);
});
