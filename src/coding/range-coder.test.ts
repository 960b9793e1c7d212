import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ByteSource } from "./bytes.ts";
import { type BitModel, Contexts, RangeDecoder, RangeEncoder } from "./range-coder.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const room = () => new Uint8Array(10_000);

/** LZMA's contexts: 11-bit probabilities that move by 2⁻⁵ of the way, for ever. Its published bytes check the coder. */
class LzmaContexts implements BitModel {
  readonly zeros: Uint16Array;

  constructor(count: number) {
    this.zeros = new Uint16Array(count).fill(1024);
  }

  bound(range: number, at: number): number {
    return (range >>> 11) * this.zeros[at]!;
  }

  learn(at: number, bit: number): void {
    this.zeros[at]! += bit === 0 ? (2048 - this.zeros[at]!) >> 5 : -(this.zeros[at]! >> 5);
  }
}

type Kind = new (count: number) => BitModel;
const KINDS: readonly Kind[] = [Contexts, LzmaContexts];

function finished(encoder: RangeEncoder): Uint8Array {
  const stream = encoder.finish();
  assert.ok(stream !== undefined);
  return stream;
}

function codeSymbols(values: readonly number[], bits: number, Kind: Kind): Uint8Array {
  const encoder = new RangeEncoder(room());
  const contexts = new Kind(2 ** bits);
  for (const value of values) encoder.symbol(contexts, 0, value, bits);
  return finished(encoder);
}

function readSymbols(stream: Uint8Array, count: number, bits: number, Kind: Kind): number[] {
  const source = new ByteSource(stream);
  const decoder = new RangeDecoder(source);
  const contexts = new Kind(2 ** bits);
  const values = Array.from({ length: count }, () => decoder.symbol(contexts, 0, bits));
  decoder.finish();
  assert.equal(source.remaining, 0);
  return values;
}

test("bits 1, 0, 0, 1, 1, 1, 1, 0 in one context are the bytes of LZMA's coder", () => {
  const encoder = new RangeEncoder(room());
  const contexts = new LzmaContexts(1);
  for (const bit of [1, 0, 0, 1, 1, 1, 1, 0]) encoder.bit(contexts, 0, bit);
  assert.equal(hex(finished(encoder)), "9cf8b36700"); // behind a first byte that is always 0
  assert.equal(contexts.zeros[0], 965);
});

test("a tree of 3-bit symbols gives the bytes of LZMA's coder", () => {
  const values = [0, 1, 2, 3, 7, 0, 0, 5];
  assert.equal(hex(codeSymbols(values, 3, LzmaContexts)), "05d203ec95e000");
  assert.deepEqual(readSymbols(codeSymbols(values, 3, LzmaContexts), 8, 3, LzmaContexts), values);
});

test("10 000 bits of which 494 are ones take 376 bytes as LZMA learns, 2 % above their entropy as steady ones", () => {
  const next = sequential(3);
  const bits = Array.from({ length: 10_000 }, () => (next(20) === 0 ? 1 : 0));
  assert.equal(bits.filter((bit) => bit === 1).length, 494);
  assert.equal(codeSymbols(bits, 1, LzmaContexts).length + 1, 376);
  assert.ok(codeSymbols(bits, 1, Contexts).length <= 1.02 * 354.8 + 4);
});

test("symbols survive the way, whatever they are and however contexts learn", () => {
  const lists = fc.integer({ min: 1, max: 9 }).chain((bits) =>
    fc.record({
      bits: fc.constant(bits),
      values: fc.array(fc.oneof(fc.constant(0), fc.constant(2 ** bits - 1), fc.nat(2 ** bits - 1)), { maxLength: 300 }),
      Kind: fc.constantFrom(...KINDS),
    }),
  );
  fc.assert(
    fc.property(lists, ({ bits, values, Kind }) => {
      const stream = codeSymbols(values, bits, Kind);
      assert.deepEqual(readSymbols(stream, values.length, bits, Kind), values);
    }),
  );
});

test("long runs of a sure bit, broken by its opposite, carry through pending bytes of 255", () => {
  const rng = Random.fromSeed(5);
  for (const surprise of [3, 50, 1000]) {
    const values = Array.from({ length: 6000 }, (_, i) => (rng.below(i, surprise) === 0 ? 0 : 1));
    for (const Kind of KINDS) {
      assert.deepEqual(readSymbols(codeSymbols(values, 1, Kind), values.length, 1, Kind), values);
    }
  }
});

test("an encoder without room says so and writes nothing beyond it", () => {
  const all = new Uint8Array(8).fill(7);
  const encoder = new RangeEncoder(all.subarray(0, 3));
  const contexts = new Contexts(1);
  const rng = Random.fromSeed(1);
  for (let i = 0; i < 100; i++) encoder.bit(contexts, 0, rng.u32(i) & 1);
  assert.equal(encoder.fits, false);
  assert.equal(encoder.finish(), undefined);
  assert.deepEqual([...all.subarray(3)], [7, 7, 7, 7, 7]);
});

test("streams cut short or continued are refused; others give symbols or a CorruptError", () => {
  const values = Array.from({ length: 50 }, (_, i) => (i * i) % 8);
  const stream = codeSymbols(values, 3, Contexts);
  for (let length = 0; length < stream.length; length++) {
    assert.throws(() => readSymbols(stream.slice(0, length), 50, 3, Contexts), CorruptError);
  }
  assert.throws(() => readSymbols(Uint8Array.of(...stream, 0), 50, 3, Contexts), CorruptError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        const symbols = readSymbols(bytes, 20, 3, Contexts);
        assert.ok(symbols.every((symbol) => symbol >= 0 && symbol < 8));
      } catch (error) {
        assert.ok(error instanceof CorruptError, String(error));
      }
    }),
  );
});

test("contexts that were reset have forgotten", () => {
  const contexts = new Contexts(2);
  for (let i = 0; i < 40; i++) contexts.learn(1, 0);
  assert.ok(contexts.bound(2 ** 24, 1) > 0.9 * 2 ** 24);
  contexts.reset();
  assert.deepEqual([contexts.bound(2 ** 24, 0), contexts.bound(2 ** 24, 1)], [2 ** 23, 2 ** 23]);
});

test("however sure a context is, either bit keeps a part of any range, and costs what its probability says", () => {
  for (const sure of [0, 1]) {
    const contexts = new Contexts(1);
    for (let i = 0; i < 200_000; i++) contexts.learn(0, sure);
    for (const range of [2 ** 24, 2 ** 24 + 65_535, 2 ** 32 - 1]) {
      const zero = contexts.bound(range, 0);
      assert.ok(zero >= 1 && zero < range);
      const one = (sure === 0 ? range - zero : zero) / range; // the share of the bit that never came
      assert.ok(one <= 2.01 * 2 ** -16, `${one}`);
    }
  }
});

/** xoshiro128** seeded by splitmix32: whole numbers below m, as the published vector has them. */
function sequential(seed: number): (m: number) => number {
  let s = seed;
  const split = () => {
    s = (s + 0x9e3779b9) | 0;
    let z = s ^ (s >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  const state = [split(), split(), split(), split()] as [number, number, number, number];
  const rotate = (x: number, k: number) => (x << k) | (x >>> (32 - k));
  const next = () => {
    const result = Math.imul(rotate(Math.imul(state[1], 5), 7), 9) >>> 0;
    const t = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotate(state[3], 11);
    return result;
  };
  return (m) => {
    const limit = Math.floor(2 ** 32 / m) * m;
    for (;;) {
      const value = next();
      if (value < limit) return value % m;
    }
  };
}
