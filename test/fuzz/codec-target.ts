/**
 * A codec under hostile messages: finite values of the right length, or a `CorruptError` that leaves the output alone.
 */
import { CorruptError } from "../../src/base/errors.ts";
import type { Random } from "../../src/base/random.ts";
import { ByteSink, ByteSource } from "../../src/coding/bytes.ts";
import type { Codec } from "../../src/compressors/compressor.ts";
import { parseCompressor } from "../../src/compressors/registry.ts";
import { families, someVector } from "../../src/compressors/vectors.contract.ts";
import { expect, type FuzzTarget, messageRandom } from "./target.ts";

const LENGTHS = [0, 1, 2, 3, 7, 8, 9, 31, 64, 65, 300, 513, 1000, 4097, 70_000];
const UNTOUCHED = 0.5;

export function codecTarget(spec: string): FuzzTarget {
  const compressor = parseCompressor(spec, "fuzz");
  return {
    name: `codec ${spec}`,
    memoryLimit: 2 ** 25,
    lengths: LENGTHS,
    valid(length, dice) {
      // Now and then of another length than the one it is decoded at.
      const own = dice.below(8) === 0 ? dice.pick(LENGTHS) : length;
      const codec = compressor.open(own);
      const sink = new ByteSink(codec.maxBytes);
      codec.encode(moderate(someVector(dice.pick(families), own, dice.random())), sink, messageRandom);
      return sink.written;
    },
    check(bytes, length, rng) {
      const codec = compressor.open(length);
      const values = decoded(codec, bytes, length, rng);
      const again = decoded(compressor.open(length), bytes, length, rng);
      expect(same(values, again), "a second codec decodes the same message to something else");
      const sum = new Float32Array(length).fill(values === undefined ? UNTOUCHED : 0);
      const refused = refuses(() => codec.decodeAdd(new ByteSource(bytes), sum, 1, rng));
      expect(refused === (values === undefined), "decode and decodeAdd disagree on whether the message is valid");
      if (values === undefined) {
        expect(sum.every(untouched), "decodeAdd wrote before it refused");
        return false;
      }
      expect(values.every(Number.isFinite), "an entry is not finite");
      expect(compressor.law.kind === "exact" || !values.some((value) => Object.is(value, -0)), "an entry is −0");
      const added = sum.every((value, i) => value === values[i]);
      expect(added, "decodeAdd to zeros gives something else than decode");
      return true;
    },
  };
}

const untouched = (value: number): boolean => value === UNTOUCHED;

/** Undefined for a message that is refused. */
function decoded(codec: Codec, bytes: Uint8Array, length: number, rng: Random): Float32Array | undefined {
  const out = new Float32Array(length).fill(UNTOUCHED);
  if (!refuses(() => codec.decode(new ByteSource(bytes), out, rng))) return out;
  expect(out.every(untouched), "decode wrote before it refused");
  return undefined;
}

/** True for a `CorruptError`; any other error passes. */
function refuses(decode: () => void): boolean {
  try {
    decode();
    return false;
  } catch (error) {
    if (error instanceof CorruptError) return true;
    throw error;
  }
}

function same(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.every((value, i) => Object.is(value, b[i]));
}

/** Norms of the largest vectors overflow, which an encoder refuses. */
const moderate = (x: Float32Array): Float32Array => x.map((value) => (Math.abs(value) < 1e30 ? value : value * 1e-20));
