/**
 * How fast compressors run here: GB of f32 input a second, next to copying the same vector.
 */
import { Random } from "../base/random.ts";
import type { Seconds } from "../base/units.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { bytesVector, kernels, leaseVectors, twin, vector } from "../kernels/index.ts";
import { errorFeedback } from "./error-feedback.ts";

export interface CodecBenchmarkOptions {
  /** d, by default 4 Mi. */
  readonly entries?: number;
  /** Each figure is the median of this many rounds, by default 9; the rounds of all tasks are interleaved. */
  readonly rounds?: number;
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
  readonly bitsPerEntry: number;
}

export interface CodecBenchmark {
  readonly engine: string;
  readonly entries: number;
  readonly rounds: number;
  readonly seed: number;
  /** Over all messages: equal runs give equal checksums on every machine. */
  readonly checksum: number;
  readonly memcpyGBs: number;
  readonly rows: readonly CodecRow[];
}

const DEFAULT_COMPRESSORS = ["identity", "sign:scale=none", "sign", "top-k:0.01"];
const WARM_UP_ROUNDS = 3;

export function benchCodecs(options: CodecBenchmarkOptions): CodecBenchmark {
  const { entries = 2 ** 22, rounds = 9, compressors = DEFAULT_COMPRESSORS, seed = 1, clock } = options;
  const lease = leaseVectors();
  try {
    const rng = Random.fromSeed(seed);
    const x = gradientLike(entries, rng);
    const out = vector(entries);
    const benches = compressors.map((spec) => new CodecBench(spec, x, out, rng));
    const tasks = [() => out.set(x), ...benches.flatMap((bench) => bench.tasks)];
    const rates = medianTimes(tasks, rounds, clock).map((time) => (4 * entries) / time / 1e9);
    return {
      engine: kernels.engine,
      entries,
      rounds,
      seed,
      checksum: benches.reduce((sum, bench) => kernels.checksum(bench.message, sum), 0),
      memcpyGBs: rates[0]!,
      rows: benches.map((bench, i) => {
        const [encode, withFeedback, decode, decodeAdd, twinEncode] = rates.slice(1 + 5 * i);
        return {
          compressor: bench.name,
          encodeGBs: encode!,
          encodeWithFeedbackGBs: withFeedback!,
          decodeGBs: decode!,
          decodeAddGBs: decodeAdd!,
          twinEncodeGBs: twinEncode!,
          bitsPerEntry: (8 * bench.message.length) / entries,
        };
      }),
    };
  } finally {
    lease.release();
  }
}

/** What is timed of one compressor, in the order of a row. */
class CodecBench {
  readonly name: string;
  readonly message: Uint8Array;
  readonly tasks: readonly (() => void)[];

  constructor(spec: string, x: Float32Array, out: Float32Array, rng: Random) {
    const compressor = parseCompressor(spec, "benchmark");
    const codec = compressor.open(x.length);
    const twinCodec = parseCompressor(spec, "benchmark", twin).open(x.length);
    const channel = errorFeedback(compressor).sender(x.length);
    const sink = new ByteSink(bytesVector(codec.maxBytes));
    codec.encode(x, sink, rng);
    this.name = compressor.name;
    this.message = sink.written.slice();
    this.tasks = [
      () => codec.encode(x, sink.reset(), rng),
      () => {
        channel.encode(x, rng);
        channel.commit();
      },
      () => codec.decode(new ByteSource(this.message), out, rng),
      () => codec.decodeAdd(new ByteSource(this.message), out, 0.25, rng),
      () => twinCodec.encode(x, sink.reset(), rng),
    ];
  }
}

/** Normal with a scale that varies by a factor of 20 from entry to entry, as the gradients of layers do. */
function gradientLike(length: number, rng: Random): Float32Array {
  const x = vector(length);
  for (let i = 0; i < length; i++) x[i] = (0.001 * rng.normal(2 * i)) / (0.05 + 0.95 * rng.uniform(4 * i + 3));
  return x;
}

function medianTimes(tasks: readonly (() => void)[], rounds: number, clock: () => Seconds): number[] {
  const times = tasks.map(() => new Float64Array(rounds));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const [i, task] of tasks.entries()) {
      const start = clock();
      task();
      const time = clock() - start;
      if (round >= 0) times[i]![round] = time;
    }
  }
  return times.map((all) => all.sort()[rounds >> 1]!);
}
