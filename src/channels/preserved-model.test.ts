import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/random.ts";
import { identity } from "../compressors/identity.ts";
import { natural } from "../compressors/natural.ts";
import { topK } from "../compressors/top-k.ts";
import { someVector } from "../compressors/vectors.contract.ts";
import { channelContract } from "./channel.contract.ts";
import { preservedModel } from "./preserved-model.ts";

for (const compressor of [identity(), natural(), topK(3)]) channelContract(preservedModel(compressor));
channelContract(preservedModel(natural(), { init: "zero", alpha: 0.25 }));

const rng = Random.fromSeed(1);

test("the first model arrives as it is, in plain f32, and the next ones in fewer bytes", () => {
  const [server, worker] = [preservedModel(natural()).sender(100), preservedModel(natural()).receiver(100)];
  const w = someVector("normal", 100, rng);
  const seen = new Float32Array(100);
  const first = server.encode(w, rng);
  assert.equal(first.length, 400);
  worker.decode(first, seen, rng);
  assert.deepEqual(seen, w);
  for (const end of [server, worker]) end.commit();
  assert.equal(
    server.encode(
      w.map((value) => value + 0.1),
      rng,
    ).length,
    113,
  );
});

test("what workers see of a model that settles comes ever nearer to it", () => {
  const [server, worker] = [preservedModel(natural()).sender(50), preservedModel(natural()).receiver(50)];
  const seen = new Float32Array(50);
  const gap = (w: Float32Array, t: number) => {
    worker.decode(server.encode(w, rng.split(`${t}`)), seen, rng.split(`${t}`));
    for (const end of [server, worker]) end.commit();
    return Math.hypot(...w.map((value, i) => value - seen[i]!));
  };
  gap(new Float32Array(50), 0);
  const w = someVector("normal", 50, rng);
  const first = gap(w, 1);
  for (let t = 2; t < 40; t++) gap(w, t);
  assert.ok(first > 0.5 && gap(w, 40) < 1e-5 * first);
});
