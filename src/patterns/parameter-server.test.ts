import assert from "node:assert/strict";
import { test } from "node:test";
import { mean } from "../aggregators/mean.ts";
import { ConfigError, CorruptError } from "../base/errors.ts";
import { flatLayout } from "../base/layout.ts";
import { bitsPerSecond, seconds } from "../base/units.ts";
import { direct } from "../channels/direct.ts";
import { errorFeedback } from "../channels/error-feedback.ts";
import { ByteSink } from "../coding/bytes.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { peerId, type View } from "../ports/view.ts";
import { RecordingMeter } from "../rounds/recording-meter.ts";
import { simulate } from "../simulation/simulate.ts";
import { openAlone } from "./open-alone.ts";
import { parameterServer } from "./parameter-server.ts";
import { patternContract } from "./pattern.contract.ts";

const FAST = bitsPerSecond(Number.POSITIVE_INFINITY);
const identity = parseCompressor("identity", "test");
const topK = parseCompressor("top-k:3", "test");
const plain = parameterServer({ up: direct(identity), down: direct(identity), aggregate: mean });

patternContract(
  {
    name: "parameter server",
    uncompressed: plain,
    compressed: parameterServer({ up: errorFeedback(topK), down: errorFeedback(topK), aggregate: mean }),
    ownServer: true,
  },
  async (view, program) =>
    (await simulate({ view, seed: 1, link: { up: FAST, down: FAST, latency: seconds(0) } }, program)).results,
);

test("the bytes of an uncompressed round are those that the pattern predicts", async () => {
  const members = [0, 1, 2, 3].map(peerId);
  const view: View = { epoch: 0, members, workers: members };
  const meters = members.map(() => new RecordingMeter());
  await simulate(
    { view, seed: 1, link: { up: FAST, down: FAST, latency: seconds(0) }, meter: (id) => meters[id]! },
    async (peer) => {
      const exchange = openAlone(plain, peer, flatLayout(10), { codecCost: seconds(0) });
      await exchange.average(new Float32Array(10), new Float32Array(10), { number: 0, attempt: 0 }, 0);
    },
  );
  const sent = meters.flatMap((meter) => [...meter.totals().sent.values()]).reduce((a, b) => a + b, 0);
  assert.equal(sent, plain.uncompressedBytes(view, 10));
  assert.equal(sent, 6 * (24 + 1 + 40));
});

test("a round on shaped wires takes the server's ports n times the message, twice, and two latencies", async () => {
  const members = [0, 1, 2, 3].map(peerId);
  const rate = bitsPerSecond(8e6);
  const { seconds: took } = await simulate(
    { view: { epoch: 0, members, workers: members }, seed: 1, link: { up: rate, down: rate, latency: seconds(0.01) } },
    async (peer) => {
      const exchange = openAlone(plain, peer, flatLayout(10_000), { codecCost: seconds(0) });
      await exchange.average(new Float32Array(10_000), new Float32Array(10_000), { number: 0, attempt: 0 }, 0);
    },
  );
  const message = (24 + 1 + 40_000) / 1e6;
  // The first message passes the worker's and the server's port at once; store and forward is per message.
  assert.ok(Math.abs(took - (3 * message + 0.01 + 3 * message + 0.01)) < 1e-9, `${took} s`);
});

test("messages of one's own are refused with partial participation: they bring no one else forward", () => {
  const slots = { up: direct(identity), down: direct(identity), aggregate: mean, downEach: true };
  assert.throws(() => parameterServer({ ...slots, participation: { share: 0.5, draw: "each" } }), ConfigError);
});

test("a note that ends the run reaches all, present or absent, with the round that it undid", async () => {
  const members = [0, 1, 2, 3].map(peerId);
  const partial = parameterServer({
    up: direct(identity),
    down: direct(identity),
    aggregate: mean,
    participation: { share: 0.5, draw: "count" },
  });
  const { results } = await simulate(
    { view: { epoch: 0, members, workers: members }, seed: 1, link: { up: FAST, down: FAST, latency: seconds(0) } },
    async (peer) => {
      const exchange = openAlone(partial, peer, flatLayout(3), { codecCost: seconds(0), rounds: 10 });
      const replica = { state: new Float32Array(3), apply: () => {} };
      for (let number = 0; number < 10; number++) {
        const round = { number, attempt: 0 };
        const { role, note, at } = await exchange.enter!(round, replica);
        if (note !== 0) return { note, rounds: at! };
        if (role === "absent") continue;
        const own = role === "worker" ? new Float32Array(3) : null;
        const told = await exchange.average(own, new Float32Array(3), round, peer.id === 0 && number === 4 ? 3 : 0);
        if (told !== 0) return { note: told, rounds: number };
      }
      return { note: 0, rounds: 10 };
    },
  );
  assert.deepEqual(
    results,
    members.map(() => ({ note: 3, rounds: 4 })),
  );
});

test("an end of the run that lies ahead, or before what a worker has seen, is refused", async () => {
  const members = [0, 1, 2].map(peerId);
  const slots = { up: direct(identity), down: direct(identity), aggregate: mean };
  const partial = parameterServer({ ...slots, participation: { share: 0.5, draw: "count" } });
  const refused = async (at: number) => {
    const { results } = await simulate(
      {
        view: { epoch: 0, members, workers: members.slice(1) },
        seed: 1,
        link: { up: FAST, down: FAST, latency: seconds(0) },
      },
      async (peer) => {
        if (peer.id === 0) {
          const body = [new ByteSink(4).u32(at).written, Uint8Array.of(3)];
          await peer.send(members.slice(1), { kind: "state", round: 7 }, body);
          return 0;
        }
        const exchange = openAlone(partial, peer, flatLayout(3), { codecCost: seconds(0), rounds: 7 });
        const entry = exchange.enter!({ number: 6, attempt: 0 }, { state: new Float32Array(3), apply: () => {} });
        return entry.then(
          () => 0,
          (error) => (error instanceof CorruptError ? 1 : 2),
        );
      },
    );
    return results.reduce((a, b) => a + b);
  };
  // One of the two is absent in the last round, 6, and hears of the end.
  assert.equal(await refused(7), 0);
  assert.equal(await refused(8), 1);
  assert.equal(await refused(5), 1);
});
