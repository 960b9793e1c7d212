/**
 * Golden wire vectors: for each compressor the exact bytes of some messages, for peers in other languages and against
 * changes of the wire by accident. `docs/wire/README.md` says what the fields mean.
 */
import { Random } from "../../src/base/random.ts";
import { ByteSink, ByteSource } from "../../src/coding/bytes.ts";
import { parseCompressor } from "../../src/compressors/registry.ts";

const { fround } = Math;

export interface GoldenFile {
  readonly compressor: string;
  readonly vectors: readonly GoldenVector[];
}

export interface GoldenVector {
  readonly spec: string;
  /** Name of the input, and of the randomness. */
  readonly input: string;
  readonly length: number;
  /** The input's entries; absent where the formula gives them. */
  readonly x?: readonly number[];
  readonly seed: number;
  /** The generator of the message is that of the seed, split by this name. */
  readonly name: string;
  /** Its two words. */
  readonly key: readonly [number, number];
  readonly hex: string;
  readonly decoded: readonly number[];
}

const SEED = 1;
const FORMULA_LENGTH = 600;

/** Inputs small enough to follow by hand. */
const INPUTS: Readonly<Record<string, readonly number[]>> = {
  one: [-1.5],
  few: [3, -4, 0.5, 0, -0.25, 1, 0.1, -2, 2.5],
  zeros: [0, -0, 0, -0],
  ties: [1, -1, 1, 1, -1, 1, -1, -1, 1, 1, 1, -1, 1, 1, -1, 1, 1],
  extremes: [2 ** -149, -(2 ** -126), 1e-20, -65520, 1e18, -3.3e-5],
};
const FORMULA = "formula";

/**
 * Entry i of the vector by formula: t³ in f64, rounded to f32, with t + 2 the sum of the uniform draws 4i … 4i + 3: many
 * small entries and a few large ones. Every operation is exact or rounded by IEEE 754, so all languages agree.
 */
export function byFormula(length: number): Float32Array {
  const rng = Random.fromSeed(SEED).split("x");
  return Float32Array.from({ length }, (_, i) => {
    const t = rng.uniform(4 * i) + rng.uniform(4 * i + 1) + rng.uniform(4 * i + 2) + rng.uniform(4 * i + 3) - 2;
    return t * t * t;
  });
}

export const inputOf = ({ x, length }: GoldenVector): Float32Array =>
  x === undefined ? byFormula(length) : Float32Array.from(x);

/** What the wire is today. */
export function goldenFile(compressor: string, specs: readonly string[]): GoldenFile {
  const inputs: readonly (readonly [string, Float32Array])[] = [
    ...Object.entries(INPUTS).map(([name, x]) => [name, Float32Array.from(x)] as const),
    [FORMULA, byFormula(FORMULA_LENGTH)],
  ];
  const vectors = specs.flatMap((spec) => inputs.map(([input, x]) => goldenVector(spec, input, x)));
  return { compressor, vectors };
}

function goldenVector(spec: string, input: string, x: Float32Array): GoldenVector {
  const name = `message/${input}`;
  const rng = Random.fromSeed(SEED).split(name);
  const message = encoded(spec, x, rng);
  return {
    spec,
    input,
    length: x.length,
    ...(input === FORMULA ? {} : { x: [...x].map(shortest) }),
    seed: SEED,
    name,
    key: [rng.k0, rng.k1],
    hex: Buffer.from(message).toString("hex"),
    decoded: [...decoded(spec, message, x.length, rng)].map(shortest),
  };
}

export function encoded(spec: string, x: Float32Array, rng: Random): Uint8Array {
  const codec = parseCompressor(spec, "golden vector").open(x.length);
  const sink = new ByteSink(codec.maxBytes);
  codec.encode(x, sink, rng);
  return sink.written;
}

export function decoded(spec: string, message: Uint8Array, length: number, rng: Random): Float32Array {
  const out = new Float32Array(length);
  parseCompressor(spec, "golden vector").open(length).decode(new ByteSource(message), out, rng);
  return out;
}

/** The number with the fewest digits that rounds to this f32. */
function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Object.is(fround(short), value)) return short;
  }
  return value;
}
