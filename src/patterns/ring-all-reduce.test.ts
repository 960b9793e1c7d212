import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError, NonFiniteError } from "../base/errors.ts";
import { flatLayout } from "../base/layout.ts";
import { bitsPerSecond, seconds } from "../base/units.ts";
import type { Peer } from "../ports/peer.ts";
import { peerId, type View } from "../ports/view.ts";
import { RecordingMeter } from "../rounds/recording-meter.ts";
import { tagOf } from "../rounds/round.ts";
import { simulate } from "../simulation/simulate.ts";
import { openAlone } from "./open-alone.ts";
import { patternContract } from "./pattern.contract.ts";
import { ringAllReduce } from "./ring-all-reduce.ts";

const FAST = bitsPerSecond(Number.POSITIVE_INFINITY);
const LINK = { up: FAST, down: FAST, latency: seconds(0) };
const FREE = { codecCost: seconds(0) };
const FIRST = { number: 0, attempt: 0 };

const viewOf = (n: number): View => {
  const members = Array.from({ length: n }, (_, i) => peerId(i));
  return { epoch: 0, members, workers: members };
};
const run = <T>(view: View, program: (peer: Peer) => Promise<T>) => simulate({ view, seed: 1, link: LINK }, program);

patternContract(
  { name: "ring all-reduce", uncompressed: ringAllReduce, compressed: ringAllReduce, ownServer: true },
  async (view, program) => (await run(view, program)).results,
);

test("slice c is summed in ring order from member c on, whatever the number of members and entries", async () => {
  const shares = fc
    .record({ n: fc.integer({ min: 1, max: 6 }), length: fc.integer({ min: 0, max: 20 }) })
    .chain(({ n, length }) => {
      const share = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: length, maxLength: length });
      return fc.array(share, { minLength: n, maxLength: n });
    });
  await fc.assert(
    fc.asyncProperty(shares, async (values) => {
      const n = values.length;
      const length = values[0]!.length;
      const own = values.map((share) => Float32Array.from(share));
      const { results } = await run(viewOf(n), async (peer) => {
        const out = new Float32Array(length);
        await openAlone(ringAllReduce, peer, flatLayout(length), FREE).average(own[peer.id]!, out, FIRST, 0);
        return out;
      });
      const expected = new Float32Array(length);
      for (let c = 0; c < n; c++) {
        for (let j = Math.floor((c * length) / n); j < Math.floor(((c + 1) * length) / n); j++) {
          let sum = own[c]![j]!;
          for (let k = 1; k < n; k++) sum = Math.fround(sum + own[(c + k) % n]![j]!);
          expected[j] = sum * Math.fround(1 / n);
        }
      }
      for (const result of results) assert.deepEqual(result, expected);
    }),
    { numRuns: 50 },
  );
});

test("the bytes of a round are those that the pattern predicts, and each member sends the same", async () => {
  const view = viewOf(4);
  const meters = view.members.map(() => new RecordingMeter());
  await simulate({ view, seed: 1, link: LINK, meter: (id) => meters[id]! }, async (peer) => {
    const exchange = openAlone(ringAllReduce, peer, flatLayout(40), FREE);
    await exchange.average(new Float32Array(40), new Float32Array(40), FIRST, 0);
  });
  const sent = meters.map((meter) => [...meter.totals().sent.values()].reduce((a, b) => a + b, 0));
  assert.deepEqual(
    sent,
    view.members.map(() => 3 * (24 + 40 + 1) + 3 * (24 + 40)),
  );
  assert.equal(
    sent.reduce((a, b) => a + b),
    ringAllReduce.uncompressedBytes(view, 40),
  );
});

test("a round on shaped wires takes 2(n − 1) latencies and 2(n − 1)/n of the vector through a port", async () => {
  const rate = bitsPerSecond(8e6);
  const link = { up: rate, down: rate, latency: seconds(0.01) };
  const { seconds: took } = await simulate({ view: viewOf(5), seed: 1, link }, async (peer) => {
    const exchange = openAlone(ringAllReduce, peer, flatLayout(10_000), FREE);
    await exchange.average(new Float32Array(10_000), new Float32Array(10_000), FIRST, 0);
  });
  const slice = (24 + 8000) / 1e6;
  assert.ok(Math.abs(took - (8 * (slice + 0.01) + 4 * 1e-6)) < 1e-9, `${took} s`);
});

test("several exchanges of one round keep their mail apart", async () => {
  const { results } = await run(viewOf(3), async (peer) => {
    const exchange = openAlone(ringAllReduce, peer, flatLayout(5), FREE);
    const outs = [0, 1, 2].map(() => new Float32Array(5));
    await Promise.all(
      outs.map((out, part) => {
        const own = new Float32Array(5).fill(10 * part + peer.id);
        return openAlone(ringAllReduce, peer, flatLayout(5), FREE).average(own, out, { ...FIRST, part }, 0);
      }),
    );
    exchange.restore(exchange.save());
    return outs.map((out) => Math.round(out[0]!));
  });
  for (const result of results) assert.deepEqual(result, [1, 11, 21]);
});

test("a vector that is not finite is refused before it is sent, and a sum that overflows at whoever makes it", async () => {
  const attempt = (values: readonly number[]) =>
    run(viewOf(values.length), async (peer) => {
      const own = Float32Array.of(values[peer.id]!);
      await openAlone(ringAllReduce, peer, flatLayout(1), FREE).average(own, new Float32Array(1), FIRST, 0);
    });
  await assert.rejects(attempt([1, Number.NaN]), NonFiniteError);
  await assert.rejects(attempt([3e38, 3e38]), NonFiniteError);
});

test("a message of the wrong length or with entries that are not finite is refused", async () => {
  const messages = {
    "no note": [],
    "too short": [0, 0, 0],
    "too long": [0, 0, 0, 0, 0, 0, 0, 0, 0],
    infinite: [0, 0, 0x80, 0x7f, 0],
  };
  for (const [what, message] of Object.entries(messages)) {
    const attempt = run(viewOf(2), async (peer) => {
      if (peer.id === 1) return peer.send(peerId(0), tagOf("up", FIRST), Uint8Array.from(message));
      await openAlone(ringAllReduce, peer, flatLayout(2), FREE).average(
        new Float32Array(2),
        new Float32Array(2),
        FIRST,
        0,
      );
    });
    await assert.rejects(attempt, CorruptError, what);
  }
});
