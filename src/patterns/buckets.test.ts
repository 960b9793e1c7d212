import assert from "node:assert/strict";
import { test } from "node:test";
import { mean } from "../aggregators/mean.ts";
import { ConfigError, NonFiniteError } from "../base/errors.ts";
import { flatLayout } from "../base/layout.ts";
import { seconds } from "../base/units.ts";
import { direct } from "../channels/direct.ts";
import { errorFeedback } from "../channels/error-feedback.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { simulate } from "../simulation/simulate.ts";
import { allGather } from "./all-gather.ts";
import { LINK, measure, normals, once, run, viewOf } from "./all-reduce.contract.ts";
import { allReduce } from "./all-reduce.ts";
import { buckets } from "./buckets.ts";
import { compressedAllReduce } from "./compressed-all-reduce.ts";
import { openAlone } from "./open-alone.ts";
import { parameterServer } from "./parameter-server.ts";
import { patternContract } from "./pattern.contract.ts";

const plain = direct(parseCompressor("identity", "test"));
const topK = errorFeedback(parseCompressor("top-k:2", "test"));
const server = parameterServer({ up: plain, down: plain, aggregate: mean });
const tree = allReduce({ by: "tree" });

for (const [name, uncompressed, compressed] of [
  ["a server", server, parameterServer({ up: topK, down: topK, aggregate: mean })],
  ["a tree", tree, compressedAllReduce({ up: topK, down: topK, aggregate: mean })],
] as const) {
  patternContract(
    {
      name: `buckets over ${name}`,
      uncompressed: buckets(uncompressed, { bytes: 50 }),
      compressed: buckets(compressed, { bytes: 50 }),
      ownServer: true,
    },
    run,
  );
}

test("buckets of sums that go entry by entry have the bits of the whole", async () => {
  const own = Array.from({ length: 5 }, (_, i) => normals(`${i}`, 41));
  for (const pattern of [server, tree]) {
    for (const bytes of [4, 20, 1000])
      assert.deepEqual(await once(buckets(pattern, { bytes }), own), await once(pattern, own));
  }
  assert.deepEqual(await once(buckets(tree, { bytes: 4 }), [new Float32Array(0)]), [new Float32Array(0)]);
});

test("the bytes of a round are those that the pattern predicts", async () => {
  const pattern = buckets(tree, { bytes: 30 });
  const { sent } = await measure(pattern, { n: 5, length: 41, link: LINK });
  assert.equal(
    sent.reduce((a, b) => a + b, 0),
    pattern.uncompressedBytes(viewOf(5), 41),
  );
});

test("with B buckets the way down begins when the first is there: B + 1 buckets through a port in place of 2B", async () => {
  const bucket = (24 + 1 + 4000) / 1e6;
  for (const pattern of [server, tree]) {
    const { took } = await measure(buckets(pattern, { bytes: 4000 }), { n: 2, length: 10_000, link: LINK });
    assert.ok(Math.abs(took - (11 * bucket + 2 * 0.01)) < 1e-9, `${took} s`);
  }
});

test("one bucket is encoded while another is on its way, and no two at once", async () => {
  const pattern = buckets(allGather({ channel: plain, aggregate: mean }), { bytes: 10_000 });
  const time = async (codecCost: number) => {
    const { seconds: took } = await simulate({ view: viewOf(2), seed: 1, link: LINK }, async (peer) => {
      const exchange = openAlone(pattern, peer, flatLayout(10_000), { codecCost: seconds(codecCost) });
      await exchange.average(new Float32Array(10_000), new Float32Array(10_000), { number: 0, attempt: 0 }, 0);
    });
    return took;
  };
  // The port is busy from the first encoding on; the last bucket is then decoded, at rank 1 before its own, and the mean made.
  const fast = 0.001 + (4 * (24 + 1 + 10_000)) / 1e6 + 0.01 + 3 * 0.001;
  assert.ok(Math.abs((await time(0.001)) - fast) < 1e-9);
  // Each bucket is encoded, decoded twice and divided; all else is over in the meantime.
  assert.ok(Math.abs((await time(0.02)) - 4 * 4 * 0.02) < 1e-9);
});

test("buckets of nothing, and members that may be absent, are refused; a fault in one bucket ends the run", async () => {
  for (const bytes of [0, 3, -4, Number.NaN]) assert.throws(() => buckets(tree, { bytes }), ConfigError);
  const participation = { share: 0.5, draw: "each" } as const;
  assert.throws(
    () => buckets(parameterServer({ up: plain, down: plain, aggregate: mean, participation }), { bytes: 4 }),
    ConfigError,
  );
  const own = [0, 1].map(() => Float32Array.of(0, 3e38, 0));
  await assert.rejects(once(buckets(tree, { bytes: 4 }), own), NonFiniteError);
});
