import assert from "node:assert/strict";
import { test } from "node:test";
import { adasum } from "../aggregators/adasum.ts";
import { Table } from "../aggregators/aggregator.contract.ts";
import { mean } from "../aggregators/mean.ts";
import { ConfigError, NonFiniteError } from "../base/errors.ts";
import { flatLayout } from "../base/layout.ts";
import { direct } from "../channels/direct.ts";
import { errorFeedback } from "../channels/error-feedback.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { peerId } from "../ports/view.ts";
import { adasumAllReduce } from "./adasum-all-reduce.ts";
import { LINK, measure, normals, once, run, SIZES, viewOf } from "./all-reduce.contract.ts";
import { allReduce } from "./all-reduce.ts";
import { compressedAllReduce } from "./compressed-all-reduce.ts";
import { hierarchical } from "./hierarchical.ts";
import { parameterServer } from "./parameter-server.ts";
import { patternContract } from "./pattern.contract.ts";

const channel = errorFeedback(parseCompressor("top-k:3", "test"));

for (const groupSize of [1, 3]) {
  for (const by of ["ring", "tree"] as const) {
    patternContract(
      {
        name: `groups of ${groupSize} over ${by}`,
        uncompressed: hierarchical(allReduce({ by }), { groupSize }),
        compressed: hierarchical(compressedAllReduce({ up: channel, down: channel, aggregate: mean }), { groupSize }),
        ownServer: true,
        sizes: [1, 4, 7],
      },
      run,
    );
  }
}

test("Adasum over groups is Adasum of the groups' means", async () => {
  const own = Array.from({ length: 8 }, (_, i) => normals(`${i}`, 20));
  const means = [0, 2, 4, 6].map((i) => own[i]!.map((value, j) => 0.5 * (value + own[i + 1]![j]!)));
  const expected = new Table(adasum(), 4, flatLayout(20)).decide(means);
  const [out] = await once(hierarchical(adasumAllReduce(), { groupSize: 2 }), own);
  for (let j = 0; j < 20; j++) assert.ok(Math.abs(out![j]! - expected[j]!) < 2e-6);
});

test("the bytes of a round are those that the pattern predicts", async () => {
  for (const n of SIZES) {
    const pattern = hierarchical(allReduce({ by: "ring" }), { groupSize: 4 });
    const { sent } = await measure(pattern, { n, length: 41, link: LINK });
    assert.equal(
      sent.reduce((a, b) => a + b, 0),
      pattern.uncompressedBytes(viewOf(n), 41),
    );
  }
  const members = [0, 1, 2].map(peerId);
  const pattern = hierarchical(allReduce({ by: "ring" }), { groupSize: 3 });
  assert.equal(pattern.uncompressedBytes({ epoch: 0, members, workers: members.slice(0, 2) }, 10), 4 * 25 + 3 * 40);
});

test("a round takes the time of its three stages: into the leader's port, among leaders, and out of it", async () => {
  const inner = allReduce({ by: "ring" });
  const { took } = await measure(hierarchical(inner, { groupSize: 4 }), { n: 12, length: 10_000, link: LINK });
  const among = (await measure(inner, { n: 3, length: 10_000, link: LINK })).took;
  const stage = 0.01 + (3 * (24 + 1 + 40_000)) / 1e6;
  assert.ok(Math.abs(took - (2 * stage + among)) < 1e-9, `${took} s`);
});

test("groups that are none, and members that may be absent, are refused", () => {
  for (const groupSize of [0, 1.5, -1]) {
    assert.throws(() => hierarchical(allReduce({ by: "ring" }), { groupSize }), ConfigError);
  }
  const plain = direct(parseCompressor("identity", "test"));
  const participation = { share: 0.5, draw: "each" } as const;
  const partial = parameterServer({ up: plain, down: plain, aggregate: mean, participation });
  assert.throws(() => hierarchical(partial, { groupSize: 2 }), ConfigError);
});

test("a group's sum that overflows ends the run", async () => {
  const own = [3e38, 3e38].map((value) => Float32Array.of(value));
  await assert.rejects(once(hierarchical(allReduce({ by: "ring" }), { groupSize: 2 }), own), NonFiniteError);
});
