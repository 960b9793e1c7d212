import assert from "node:assert/strict";
import { test } from "node:test";
import { adasum } from "../aggregators/adasum.ts";
import { mean } from "../aggregators/mean.ts";
import { CorruptError } from "../base/errors.ts";
import { flatLayout } from "../base/layout.ts";
import { direct } from "../channels/direct.ts";
import { errorFeedback } from "../channels/error-feedback.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { peerId } from "../ports/view.ts";
import { tagOf } from "../rounds/round.ts";
import { adasumAllReduce } from "./adasum-all-reduce.ts";
import { allGather } from "./all-gather.ts";
import { FIRST, FREE, LINK, measure, normals, once, run, SIZES, viewOf } from "./all-reduce.contract.ts";
import { openAlone } from "./open-alone.ts";
import { parameterServer } from "./parameter-server.ts";
import { patternContract } from "./pattern.contract.ts";

const identity = parseCompressor("identity", "test");
const plain = allGather({ channel: direct(identity), aggregate: mean });

patternContract(
  {
    name: "all-gather",
    uncompressed: plain,
    compressed: allGather({ channel: errorFeedback(parseCompressor("top-k:3", "test")), aggregate: mean }),
    ownServer: true,
    sizes: SIZES,
  },
  run,
);

const own = Array.from({ length: 5 }, (_, i) => normals(`${i}`, 40));

test("random messages give the bits of a parameter server that answers without loss", async () => {
  const up = direct(parseCompressor("qsgd:levels=7,bucket=16", "test"));
  const server = parameterServer({ up, down: direct(identity), aggregate: mean });
  assert.deepEqual(await once(allGather({ channel: up, aggregate: mean }), own), await once(server, own));
});

test("any aggregate will do: Adasum of all vectors side by side is Adasum by halving", async () => {
  const [gathered] = await once(allGather({ channel: direct(identity), aggregate: adasum() }), own);
  const [halved] = await once(adasumAllReduce(), own);
  for (let j = 0; j < 40; j++) assert.ok(Math.abs(gathered![j]! - halved![j]!) < 2e-6);
});

test("the bytes of a round are those that the pattern predicts, and it takes n − 1 vectors through each port", async () => {
  for (const n of SIZES) {
    const { sent, took } = await measure(plain, { n, length: 10_000, link: LINK });
    assert.equal(
      sent.reduce((a, b) => a + b, 0),
      plain.uncompressedBytes(viewOf(n), 10_000),
    );
    const expected = n === 1 ? 0 : 0.01 + ((n - 1) * (24 + 1 + 40_000)) / 1e6;
    assert.ok(Math.abs(took - expected) < 1e-9, `${n} members: ${took} s`);
  }
});

test("a member without data sends its note and nothing else", async () => {
  const members = [0, 1].map(peerId);
  const swarm = run({ epoch: 0, members, workers: members.slice(1) }, async (peer) => {
    if (peer.id === 0) return peer.send(members[1]!, tagOf("up", FIRST), Uint8Array.of(1, 2, 3, 4, 0));
    await openAlone(plain, peer, flatLayout(1), FREE).average(new Float32Array(1), new Float32Array(1), FIRST, 0);
  });
  await assert.rejects(swarm, CorruptError);
});
