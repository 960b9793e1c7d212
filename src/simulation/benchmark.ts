/**
 * How fast the simulator is, over links of 20 Mbit/s and 30 ms: a server that sends small bodies to all and gathers theirs,
 * two messages a peer and round; or a gossip of whole vectors, one message a peer and round.
 */
import { type Bytes, bytes, megabitsPerSecond, milliseconds, type Seconds, seconds } from "../base/units.ts";
import { leaseVectors } from "../kernels/index.ts";
import { NOTE_BYTES } from "../patterns/notes.ts";
import { gossiping, star } from "./benchmark-programs.ts";
import { symmetric } from "./link.ts";
import { simulate } from "./simulate.ts";

export interface SimulationBenchmarkOptions {
  /** Default "star". */
  readonly pattern?: "star" | "gossip";
  /** The server of a star included. */
  readonly peers?: number;
  readonly rounds?: number;
  /** Of each body of a star. */
  readonly bodyBytes?: Bytes;
  /** Of each vector of a gossip. */
  readonly entries?: number;
  readonly seed?: number;
}

export interface SimulationBenchmark {
  readonly messagesPerSecond: number;
  readonly pattern: "star" | "gossip";
  readonly peers: number;
  /** Real time of the whole run, its start and end included. */
  readonly seconds: Seconds;
  /** The most memory that this process ever held; 0 where the engine does not tell. */
  readonly peakBytes: Bytes;
  readonly messages: number;
  readonly rounds: number;
  readonly bodyBytes: Bytes;
  readonly seed: number;
  /** The virtual time of the run, which a change of speed must not change. */
  readonly virtualSeconds: Seconds;
  /** Of what all peers hold in the end, which it must not change either; 0 where they hold nothing. */
  readonly checksum: number;
}

export async function benchSimulation(options: SimulationBenchmarkOptions = {}): Promise<SimulationBenchmark> {
  const { pattern = "star", peers = 1000, rounds = 50, entries = 1000, seed = 1 } = options;
  const bodyBytes = pattern === "star" ? (options.bodyBytes ?? bytes(1000)) : bytes(4 * entries + NOTE_BYTES);
  const link = symmetric(megabitsPerSecond(20), milliseconds(30));
  const lease = leaseVectors();
  try {
    const began = performance.now();
    const program = pattern === "star" ? star(rounds, bodyBytes) : gossiping(rounds, entries);
    const run = await simulate({ view: peers, seed, link }, program);
    const took = seconds((performance.now() - began) / 1000);
    return {
      messagesPerSecond: Math.round(run.messages / took),
      pattern,
      peers,
      seconds: took,
      peakBytes: peakMemory(),
      messages: run.messages,
      rounds,
      bodyBytes,
      seed,
      virtualSeconds: run.seconds,
      checksum: run.results.reduce((sum, own) => (Math.imul(sum, 31) + own) >>> 0, 0),
    };
  } finally {
    lease.release();
  }
}

/** In Node; browsers do not tell. */
const peakMemory = (): Bytes => bytes((globalThis.process?.resourceUsage?.().maxRSS ?? 0) * 1024);
