import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { NonFiniteError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { kernels } from "../kernels/index.ts";
import { entries, shareOf } from "./amount.ts";
import { compressorContract } from "./compressor.contract.ts";
import { randK } from "./rand-k.ts";
import { UniformSubset } from "./shared-positions.ts";

compressorContract("rand-k:0.3", { draws: 400, headroom: 512 });
compressorContract("rand-k:0.5,scale=none", { draws: 60 });
compressorContract("rand-k:7,scale=none", { draws: 60 });
compressorContract("rand-k:1.0", { draws: 2 });

const rng = Random.fromSeed(1);

function decoded(k: number, x: Float32Array, key: Random, scaled = true): Float32Array {
  const codec = randK(entries(k, "test"), { scaled }).open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, key);
  assert.equal(sink.length, 4 * Math.min(k, x.length));
  const out = new Float32Array(x.length);
  codec.decode(new ByteSource(sink.written), out, key);
  return out;
}

test("over the six pairs of (1, 2, 3, 4) the mean is x and the mean squared error (4/2 − 1)‖x‖² = 30", () => {
  const x = Float32Array.of(1, 2, 3, 4);
  const seen = new Map<string, Float32Array>();
  const times = new Map<string, number>();
  for (let draw = 0; draw < 1200; draw++) {
    const sent = decoded(2, x, rng.split(`${draw}`));
    seen.set(`${sent}`, sent);
    times.set(`${sent}`, (times.get(`${sent}`) ?? 0) + 1);
  }
  assert.equal(seen.size, 6);
  const all = [...seen.values()];
  const mean = [0, 1, 2, 3].map((i) => all.reduce((sum, sent) => sum + sent[i]! / 6, 0));
  assert.deepEqual(mean, [1, 2, 3, 4]);
  const error = all.reduce((sum, sent) => sum + sent.reduce((e, value, i) => e + (value - x[i]!) ** 2, 0) / 6, 0);
  assert.equal(error, 30);
  for (const count of times.values()) assert.ok(Math.abs(count - 200) < 65, `${count}`); // 5 standard deviations
});

test("positions are the first k different ones of the draws, or all but the first d − k where those are fewer", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(),
      (d, p, seed) => {
        const k = Math.round(p * d);
        const key = Random.fromSeed(seed);
        const marked = new Set<number>();
        for (let i = 0; marked.size < Math.min(k, d - k); i++) {
          const product = BigInt(key.u32(i)) * BigInt(d);
          if (product % 2n ** 32n >= 2n ** 32n % BigInt(d)) marked.add(Number(product / 2n ** 32n));
        }
        const subset = new UniformSubset(k, d, kernels);
        const expected = Array.from({ length: d }, (_, i) => i).filter((i) => marked.has(i) === 2 * k <= d);
        assert.deepEqual([...subset.draw(key)], expected);
        assert.deepEqual([...subset.draw(key)], expected); // nothing is left of the draw before
        assert.equal(expected.length, k);
      },
    ),
  );
});

test("every entry is drawn equally often", () => {
  const [d, k, draws] = [50, 10, 4000];
  const counts = new Float64Array(d);
  const subset = new UniformSubset(k, d, kernels);
  for (let draw = 0; draw < draws; draw++) for (const i of subset.draw(rng.split(`often/${draw}`))) counts[i]! += 1;
  for (const count of counts) assert.ok(Math.abs(count - 800) < 5 * Math.sqrt(draws * 0.2 * 0.8), `${count}`);
});

test("unscaled, what is kept is kept exactly, −0 as +0", () => {
  const sent = decoded(3, Float32Array.of(-0, 0.1, -5), rng, false);
  assert.deepEqual(sent, Float32Array.of(0, 0.1, -5));
});

test("an entry that overflows when it is scaled is refused", () => {
  const codec = randK(shareOf(0.5, "test")).open(2);
  const sink = new ByteSink(codec.maxBytes);
  assert.throws(() => codec.encode(Float32Array.of(3e38, -3e38), sink, rng), NonFiniteError);
  assert.equal(sink.length, 0);
});
