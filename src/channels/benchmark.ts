/**
 * How fast compressors run here: GB of f32 input a second, next to copying the same vector.
 */
import { Random } from "../base/random.ts";
import type { Seconds } from "../base/units.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { compressors, parseCompressor } from "../compressors/registry.ts";
import { bytesVector, kernels, leaseVectors, twin, vector } from "../kernels/index.ts";
import { errorFeedback } from "./error-feedback.ts";

export interface CodecBenchmarkOptions {
  /** d, by default 4 Mi. */
  readonly entries?: number;
  /** Each figure is the median of this many rounds, by default 9; the tasks of a compressor take turns. */
  readonly rounds?: number;
  /** By default `defaultSpecs`. */
  readonly compressors?: readonly string[];
  readonly seed?: number;
  readonly clock: () => Seconds;
}

/** Rates are in GB/s of f32 input. */
export interface CodecRow {
  readonly compressor: string;
  readonly encodeGBs: number;
  /** Through an error-feedback channel: encode and commit. */
  readonly encodeWithFeedbackGBs: number;
  readonly decodeGBs: number;
  readonly decodeAddGBs: number;
  /** Encoding on the plain TypeScript kernels. */
  readonly twinEncodeGBs: number;
  /** Of a copy, measured in turn with the above: a busy machine slows all alike. */
  readonly memcpyGBs: number;
  /** Each rate over that of the copy. */
  readonly ofMemcpy: {
    readonly encode: number;
    readonly encodeWithFeedback: number;
    readonly decode: number;
    readonly decodeAdd: number;
  };
  /** Seconds of decode-add over seconds of encode. */
  readonly decodeOverEncode: number;
  readonly bitsPerEntry: number;
}

export interface CodecBenchmark {
  readonly engine: string;
  readonly entries: number;
  readonly rounds: number;
  readonly seed: number;
  /** Over all messages: equal runs give equal checksums on every machine. */
  readonly checksum: number;
  /** Median over the rows. */
  readonly memcpyGBs: number;
  readonly rows: readonly CodecRow[];
}

/** The usual form of every compressor, and what is often set beside it. */
export const defaultSpecs = (): string[] => [
  ...new Set([...compressors.values()].map(({ examples }) => examples[0]!).concat(OTHERS)),
];

const OTHERS: readonly string[] = [
  "sign:scale=none",
  "qsgd:levels=7,bucket=512,norm=max,code=fixed",
  "natural:entropy=range",
];
const WARM_UP_ROUNDS = 2;
/** The plain kernels are slow, and nobody waits for the last percent of them. */
const TWIN_ROUNDS = 3;

export function benchCodecs(options: CodecBenchmarkOptions): CodecBenchmark {
  const { entries = 2 ** 22, rounds = 9, compressors = defaultSpecs(), seed = 1, clock } = options;
  const rng = Random.fromSeed(seed);
  const x = gradientLike(entries, rng);
  let checksum = 0;
  const rows = compressors.map((spec) => {
    const lease = leaseVectors();
    try {
      const { row, message } = benchCodec(spec, x, rng, rounds, clock);
      checksum = kernels.checksum(message, checksum);
      return row;
    } finally {
      lease.release();
    }
  });
  const memcpyGBs = median(rows.map((row) => row.memcpyGBs));
  return { engine: kernels.engine, entries, rounds, seed, checksum, memcpyGBs, rows };
}

function benchCodec(
  spec: string,
  gradient: Float32Array,
  rng: Random,
  rounds: number,
  clock: () => Seconds,
): { row: CodecRow; message: Uint8Array } {
  const { length } = gradient;
  const x = vector(length);
  const out = vector(length);
  x.set(gradient);
  const compressor = parseCompressor(spec, "benchmark");
  const codec = compressor.open(length);
  const plainCodec = parseCompressor(spec, "benchmark", twin).open(length);
  const sink = new ByteSink(bytesVector(codec.maxBytes));
  codec.encode(x, sink, rng);
  const message = sink.written.slice();
  const channel = errorFeedback(compressor).sender(length);
  const rate = (time: number) => (4 * length) / time / 1e9;

  const [memcpy, encode, encodeWithFeedback, decode, decodeAdd] = medianTimes(rounds, clock, [
    () => out.set(x),
    () => codec.encode(x, sink.reset(), rng),
    () => {
      channel.encode(x, rng);
      // The error of an unbiased compressor grows without bound: it is no partner of error feedback.
      if (compressor.law.kind === "unbiased") channel.rollback();
      else channel.commit();
    },
    () => codec.decode(new ByteSource(message), out, rng),
    () => codec.decodeAdd(new ByteSource(message), out, 0.25, rng),
  ]).map(rate) as [number, number, number, number, number]; // one a task
  const [twinEncode] = medianTimes(Math.min(rounds, TWIN_ROUNDS), clock, [
    () => plainCodec.encode(x, sink.reset(), rng),
  ]).map(rate) as [number];
  const row: CodecRow = {
    compressor: compressor.name,
    encodeGBs: encode,
    encodeWithFeedbackGBs: encodeWithFeedback,
    decodeGBs: decode,
    decodeAddGBs: decodeAdd,
    twinEncodeGBs: twinEncode,
    memcpyGBs: memcpy,
    ofMemcpy: {
      encode: encode / memcpy,
      encodeWithFeedback: encodeWithFeedback / memcpy,
      decode: decode / memcpy,
      decodeAdd: decodeAdd / memcpy,
    },
    decodeOverEncode: encode / decodeAdd,
    bitsPerEntry: (8 * message.length) / length,
  };
  return { row, message };
}

/** Normal with a scale that varies by a factor of 20 from entry to entry, as the gradients of layers do. */
function gradientLike(length: number, rng: Random): Float32Array {
  const x = new Float32Array(length);
  for (let i = 0; i < length; i++) x[i] = (0.001 * rng.normal(2 * i)) / (0.05 + 0.95 * rng.uniform(4 * i + 3));
  return x;
}

/** Of each task; they take turns. */
function medianTimes(rounds: number, clock: () => Seconds, tasks: readonly (() => void)[]): number[] {
  const times = tasks.map((): number[] => []);
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const [i, task] of tasks.entries()) {
      const start = clock();
      task();
      const time = clock() - start;
      if (round >= 0) times[i]!.push(time);
    }
  }
  return times.map(median);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
