/**
 * How fast the simulator is: a star of peers, each of which computes, sends its server a small body and gets one back,
 * round after round. Two messages a peer and round, over links of 20 Mbit/s and 30 ms.
 */
import { type Bytes, bytes, megabitsPerSecond, milliseconds, type Seconds, seconds } from "../base/units.ts";
import type { Peer } from "../ports/peer.ts";
import { symmetric } from "./link.ts";
import { simulate } from "./simulate.ts";

export interface SimulationBenchmarkOptions {
  /** Server included. */
  readonly peers?: number;
  readonly rounds?: number;
  /** Of each body. */
  readonly bodyBytes?: Bytes;
  readonly seed?: number;
}

export interface SimulationBenchmark {
  readonly messagesPerSecond: number;
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
}

export async function benchSimulation(options: SimulationBenchmarkOptions = {}): Promise<SimulationBenchmark> {
  const { peers = 1000, rounds = 50, bodyBytes = bytes(1000), seed = 1 } = options;
  const link = symmetric(megabitsPerSecond(20), milliseconds(30));
  const body = new Uint8Array(bodyBytes);
  const began = performance.now();
  const run = await simulate({ view: peers, seed, link }, (peer) => star(peer, rounds, body));
  const took = seconds((performance.now() - began) / 1000);
  return {
    messagesPerSecond: Math.round(run.messages / took),
    peers,
    seconds: took,
    peakBytes: peakMemory(),
    messages: run.messages,
    rounds,
    bodyBytes,
    seed,
    virtualSeconds: run.seconds,
  };
}

async function star(peer: Peer, rounds: number, body: Uint8Array): Promise<void> {
  const { members } = peer.view;
  const server = members[0]!;
  const workers = peer.id === server ? members.slice(1) : []; // a copy in each peer would take n² of memory
  for (let round = 0; round < rounds; round++) {
    if (peer.id === server) {
      await peer.gather(workers, { kind: "up", round });
      await peer.send(workers, { kind: "down", round }, body);
    } else {
      await peer.work("compute", milliseconds(5), () => {});
      await peer.send(server, { kind: "up", round }, body);
      await peer.receive(server, { kind: "down", round });
    }
  }
}

/** In Node; browsers do not tell. */
const peakMemory = (): Bytes => bytes((globalThis.process?.resourceUsage?.().maxRSS ?? 0) * 1024);
