import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { parseAmount } from "../compressors/amount.ts";
import type { Compressor } from "../compressors/compressor.ts";
import { float16 } from "../compressors/float16.ts";
import { identity } from "../compressors/identity.ts";
import { natural } from "../compressors/natural.ts";
import { randK } from "../compressors/rand-k.ts";
import { topK } from "../compressors/top-k.ts";
import { someVector } from "../compressors/vectors.contract.ts";
import { channelContract } from "./channel.contract.ts";
import type { Sender } from "./channel.ts";
import { direct } from "./direct.ts";
import { type MemoryOptions, memory } from "./memory.ts";

const rand = (k: number): Compressor => randK(parseAmount(`${k}`, "test"));

for (const compressor of [identity(), natural(), rand(10), topK(3)]) channelContract(memory(compressor));
channelContract(memory(natural(), { init: "full" }));
channelContract(memory(rand(10), { alpha: "theory", keep: "each" }));

const root = Random.fromSeed(1);
const memoryOf = (sender: Sender): Float32Array => sender.save().shared.get("estimate")!;
const squared = (x: ArrayLike<number>): number => Array.from(x).reduce((sum, value) => sum + value * value, 0);

const open = (compressor: Compressor, length: number, options: MemoryOptions = {}) => ({
  sender: memory(compressor, options).sender(length),
  receiver: memory(compressor, options).receiver(length),
});

function send({ sender, receiver }: ReturnType<typeof open>, u: Float32Array, rng: Random): Float32Array {
  const out = new Float32Array(u.length);
  receiver.decode(sender.encode(u, rng), out, rng);
  sender.commit();
  receiver.commit();
  return out;
}

test("the memory of a vector that stays the same comes nearer by 1 − α a message, in the mean", () => {
  // For rand-k and α = 1/(1 + ω) the law holds with equality: E‖h − u‖² shrinks by 1 − 2α + α²(1 + ω) = 1 − α.
  const [length, k, draws, rounds] = [20, 5, 3000, 6];
  const u = someVector("normal", length, root);
  const energies = Array.from({ length: draws }, (_, draw) => {
    const ends = open(rand(k), length, { alpha: "theory" });
    for (let t = 0; t < rounds; t++) send(ends, u, root.split(`${draw}/${t}`));
    return squared(memoryOf(ends.sender).map((value, i) => value - u[i]!));
  });
  const mean = energies.reduce((sum, energy) => sum + energy / draws, 0);
  const deviation = Math.sqrt(energies.reduce((sum, energy) => sum + (energy - mean) ** 2, 0)) / draws;
  const expected = (1 - k / length) ** rounds * squared(u);
  assert.ok(Math.abs(mean - expected) < 5 * deviation, `${mean} for ${expected} ± ${deviation}`);
});

test("what is received is right in the mean, and its noise dies out", () => {
  const [length, draws] = [20, 2000];
  const u = someVector("normal", length, root);
  const received = Array.from({ length: draws }, (_, draw) => {
    const ends = open(rand(5), length);
    return Array.from({ length: 60 }, (_, t) => send(ends, u, root.split(`${draw}/${t}`)));
  });
  for (const [t, most] of [
    [0, 3],
    [10, 3],
    [59, 0.02],
  ] as const) {
    const noise = received.reduce((sum, r) => sum + squared(r[t]!.map((value, i) => value - u[i]!)) / draws, 0);
    const bias = u.map((value, i) => received.reduce((sum, r) => sum + r[t]![i]! / draws, -value));
    assert.ok(noise <= most * squared(u) * 1.1, `${noise} in round ${t}`);
    assert.ok(squared(bias) <= 4 * (noise / draws), `${squared(bias)} for ${noise / draws} in round ${t}`);
  }
});

test("with α = 0 it is direct compression, bit for bit", () => {
  const ends = open(natural(), 30, { alpha: 0 });
  const plain = { sender: direct(natural()).sender(30), receiver: direct(natural()).receiver(30) };
  for (let t = 0; t < 5; t++) {
    const u = someVector("normal", 30, root.split(`${t}`));
    assert.deepEqual(send(ends, u, root), send(plain, u, root));
  }
});

for (const init of ["zero", "full"] as const) {
  test(`a server keeps the mean of its senders' memories, whoever takes part, with init ${init}`, () => {
    const [n, length, p] = [5, 12, 0.4];
    const channel = memory(natural(), { init });
    const senders = Array.from({ length: n }, () => channel.sender(length));
    const collector = channel.collector!(n, length);
    const meanOf = (x: readonly Float32Array[]) =>
      x[0]!.map((_, j) => x.reduce((sum, { [j]: value }) => sum + value! / n, 0));
    const near = (x: Float32Array, y: Float32Array) => assert.ok(x.every((value, j) => Math.abs(value - y[j]!) < 1e-5));
    for (let t = 0; t < 40; t++) {
      const rng = root.split(`${t}`);
      const commits = rng.uniform(100) < 0.8;
      const before = senders.map(memoryOf);
      const expected = meanOf(before);
      const out = new Float32Array(length);
      collector.begin(out, p * n);
      for (const [i, sender] of senders.entries()) {
        if (rng.uniform(i) >= p) continue;
        const message = sender.encode(someVector("normal", length, rng.split(`${i}`)), rng);
        collector.add(i, message, out, rng);
        const r = new Float32Array(length);
        const receiver = channel.receiver(length);
        receiver.restore(sender.save());
        receiver.decode(message, r, rng);
        for (let j = 0; j < length; j++) expected[j]! += (r[j]! - before[i]![j]!) / (p * n);
        commits ? sender.commit() : sender.rollback();
      }
      collector.finish(out);
      near(out, expected); // h̄ + (1/pn) Σ c_i
      commits ? collector.commit() : collector.rollback();
      near(collector.save().shared.get("mean")!, meanOf(senders.map(memoryOf)));
    }
  });
}

test("a server that keeps each memory has no collector", () => {
  assert.equal(memory(natural(), { keep: "each" }).collector, undefined);
});

test("α comes from the law of the compressor, and from nowhere else", () => {
  /** α, read off the memory of a vector that the compressor sends exactly. */
  const alphaOf = (compressor: Compressor, options: MemoryOptions) => {
    const { sender } = open(compressor, 1, options);
    sender.encode(Float32Array.of(1), root);
    sender.commit();
    return memoryOf(sender)[0]!;
  };
  const close = (value: number, expected: number) => assert.ok(Math.abs(value - expected) < 1e-7, `${value}`);
  close(alphaOf(natural(), {}), 4 / 9);
  close(alphaOf(natural(), { alpha: "theory" }), 8 / 9);
  close(alphaOf(natural(), { alpha: 0.125 }), 0.125);
  close(alphaOf(topK(1), {}), 1);
  close(alphaOf(identity(), {}), 0.5);
  assert.throws(() => memory(float16()), ConfigError);
  for (const alpha of [-0.1, 1.1, Number.NaN]) assert.throws(() => memory(natural(), { alpha }), ConfigError);
  assert.equal(memory(float16(), { alpha: 0.5, keep: "each" }).name, "memory:alpha=0.5,keep=each(float16)");
});
