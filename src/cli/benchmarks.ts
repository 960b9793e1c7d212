/**
 * What `bench` can measure.
 */
import type { CodecBenchmark, CodecBenchmarkOptions } from "../channels/benchmark.ts";
import type { BenchmarkOptions, BenchmarkRow } from "../models/benchmark.ts";
import type { SimulationBenchmark, SimulationBenchmarkOptions } from "../simulation/benchmark.ts";
import type { Torch } from "./torch.ts";
import type { WireBenchmarkOptions, WireRow } from "./wire/benchmark.ts";

export interface Benchmarks {
  codecs(options: Omit<CodecBenchmarkOptions, "clock">): Promise<CodecBenchmark>;
  models(options: Omit<BenchmarkOptions, "cpuMs">): Promise<{ readonly rows: readonly BenchmarkRow[] }>;
  simulation(options: SimulationBenchmarkOptions): Promise<SimulationBenchmark>;
  /** Needs root. */
  wire(options: WireBenchmarkOptions): Promise<{ readonly rows: readonly WireRow[] }>;
  readonly torch: Torch;
}
