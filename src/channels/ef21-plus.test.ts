import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError, CorruptError, NonFiniteError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { identity } from "../compressors/identity.ts";
import { compressors, parseCompressor } from "../compressors/registry.ts";
import { scaledSign } from "../compressors/sign.ts";
import { topK } from "../compressors/top-k.ts";
import { type Family, someVector } from "../compressors/vectors.contract.ts";
import { channelContract } from "./channel.contract.ts";
import { direct } from "./direct.ts";
import { ef21 } from "./ef21.ts";
import { ef21Plus } from "./ef21-plus.ts";

for (const compressor of [identity(), topK(3), scaledSign()]) channelContract(ef21Plus(compressor));
channelContract(ef21Plus(topK(3), { init: "full" }));

const rng = Random.fromSeed(1);
const distance = (x: Float32Array, y: Float32Array) => Math.hypot(...x.map((value, i) => value - y[i]!));

test("what is received is never further off than EF21 or direct compression would have it from the same state", () => {
  const families = fc.constantFrom<Family>("normal", "heavy-tailed", "sparse", "many ties");
  fc.assert(
    fc.property(fc.array(fc.tuple(families, fc.nat(100)), { minLength: 1, maxLength: 10 }), (rounds) => {
      for (const compressor of [topK(3), scaledSign()]) {
        const [plus, plain, alone] = [ef21Plus(compressor), ef21(compressor), direct(compressor)].map((channel) => ({
          sender: channel.sender(20),
          receiver: channel.receiver(20),
        }));
        for (const [family, seed] of rounds) {
          const u = someVector(family, 20, Random.fromSeed(seed));
          const { shared } = plus!.sender.save();
          for (const end of [plain!.sender, plain!.receiver]) end.restore({ shared, private: new Map() });
          const [far, farPlain, farAlone] = [plus, plain, alone].map((ends) => {
            const out = new Float32Array(20);
            ends!.receiver.decode(ends!.sender.encode(u, rng), out, rng);
            return distance(out, u);
          });
          assert.ok(far! <= Math.min(farPlain!, farAlone!) * (1 + 1e-6));
          for (const end of [plus!.sender, plus!.receiver]) end.commit();
        }
      }
    }),
  );
});

test("a vector that turned round is sent for itself, one that moved a little is not", () => {
  const sender = ef21Plus(topK(2)).sender(4);
  const flag = (...x: number[]) => {
    const last = sender.encode(Float32Array.of(...x), rng).at(-1);
    sender.commit();
    return last;
  };
  assert.equal(flag(8, 6, 0, 0), 0, "from 0 both are the same");
  assert.equal(flag(8, 6, 1, 0), 0);
  assert.equal(flag(0, 0, 5, 7), 1);
});

test("a flag other than 0 and 1, and no flag at all, are refused", () => {
  const receiver = ef21Plus(topK(2)).receiver(4);
  const message = ef21Plus(topK(2))
    .sender(4)
    .encode(Float32Array.of(1, 2, 3, 4), rng)
    .slice();
  message[message.length - 1] = 2;
  for (const bad of [message, new Uint8Array(0)]) {
    assert.throws(() => receiver.decode(bad, new Float32Array(4), rng), CorruptError);
  }
});

test("a vector near the largest f32 whose difference overflows is refused", () => {
  const sender = ef21Plus(identity()).sender(1);
  sender.encode(Float32Array.of(3e38), rng);
  sender.commit();
  assert.throws(() => sender.encode(Float32Array.of(-3e38), rng), NonFiniteError);
});

test("compressors that draw at random are refused, also where the law does not tell, and others are not", () => {
  const build = (spec: string) => () => ef21Plus(parseCompressor(spec, "test"));
  const specs = [...compressors.values()].flatMap(({ examples }) => examples);
  const unbiased = specs.filter((spec) => parseCompressor(spec, "test").law.kind === "unbiased");
  const drawn = ["rand-k:0.01,scale=none", "biased-random-sparsification:p=0.1", "adaptive-random-sparsification"];
  for (const spec of [...unbiased, ...drawn, "threshold:fraction=0.01", "top-k:0.01+natural"]) {
    assert.throws(build(spec), ConfigError, spec);
  }
  for (const spec of ["sign", "one-bit", "threshold:tau=1", "float16", "stc:0.01", "top-k:0.01+bfloat16"]) {
    assert.doesNotThrow(build(spec), spec);
  }
});
