/**
 * What a run tells while it goes on, and what it leaves behind.
 */
import type { NamedVectors } from "../base/state.ts";
import type { Metrics } from "../ports/model.ts";
import type { PeerId } from "../ports/view.ts";
import type { Faults } from "../simulation/faults.ts";
import type { Job } from "./job.ts";

/**
 * What a run is judged by: "common", the one model of all; "mean", the mean of all peers' models; "each", every worker's own
 * model, with its local tensors, of whose losses and accuracies the means are told, without those of liars; "own", this
 * peer's own model alone.
 */
export type Judged = "common" | "mean" | "each" | "own";

/** What was measured of what the run is judged by. */
export interface Measured extends Metrics {
  /** Ξ = (1/n) Σ ‖x_i − x̄‖², where peers' parameters differ. */
  readonly consensus?: number;
  /** Where peers keep tensors: means of the same over test rows in which labels have the shares that each worker's own have. */
  readonly ownLoss?: number;
  readonly ownAccuracy?: number;
}

/** Totals over all peers. Bytes are framed bytes, counted where they are written. */
export interface Totals {
  /** Written by members other than the server; by all where there is none. */
  readonly bytesUp: number;
  /** Written by the server. */
  readonly bytesDown: number;
  /** Real milliseconds, summed over peers. */
  readonly encodeMs: number;
  readonly decodeMs: number;
  readonly gradientMs: number;
}

export interface WireBytes {
  readonly sent: number;
  readonly received: number;
}

/** Before the first round and after each, as seen by the member of rank 0. */
export interface Progress extends Totals {
  /** Rounds done. */
  readonly round: number;
  /** Time since the first round began, virtual or wall. */
  readonly seconds: number;
  /** Loss on rank 0's last mini-batch; NaN where rank 0 is no worker. */
  readonly batchLoss: number;
  /** Present after rounds that were evaluated. */
  readonly metrics?: Measured;
  /** Live, after the same rounds, where all have one model: who has other parameters has another hash. */
  readonly paramsHash?: string;
  readonly swarm?: SwarmState;
}

/** Who trains, as rank 0 sees it. */
export interface SwarmState {
  /** Of the view of the last round. */
  readonly epoch: number;
  /** In that view. */
  readonly members: number;
  /** Attempts at a round that were undone, since the run began or was continued. */
  readonly undone: number;
  /** Framed bytes that each member has written since then, by its id; called when somebody wants to know. */
  bytesByPeer(): ReadonlyMap<number, number>;
}

/** A change of membership, once the members have agreed. */
export interface Regrouping {
  readonly epoch: number;
  readonly members: readonly PeerId[];
  /** Since the view that rank 0 was in before. What a lost member had yet to say is lost with it. */
  readonly lost: readonly PeerId[];
  readonly joined: readonly PeerId[];
  /** Rounds done, from which all go on. */
  readonly round: number;
  /** Members that were given the state. */
  readonly brought: readonly PeerId[];
  readonly seconds: number;
}

/** Why a run ended. */
export type Outcome = "target" | "rounds" | "interrupted" | "diverged";

export interface RunHeader {
  readonly job: Job;
  /** d, with what peers keep to themselves. */
  readonly parameters: number;
  readonly trainRows: number;
  readonly testRows: number;
  readonly engine: string;
  /** What all members together would write in a round of plain f32. */
  readonly uncompressedBytesPerRound: number;
  /** Names of the tensors that each peer keeps to itself; absent where there are none. */
  readonly localTensors?: readonly string[];
  /** Conditions of the recipe that the options break. */
  readonly warnings: readonly string[];
}

/** A point of the learning curve. */
export interface Evaluation extends Totals {
  readonly round: number;
  readonly seconds: number;
  readonly loss: number;
  readonly accuracy: number | null;
  /** Ξ; absent where all parameters are equal. */
  readonly consensus?: number;
  /** @see Measured.ownLoss */
  readonly ownLoss?: number;
  readonly ownAccuracy?: number;
}

export interface RunResult {
  readonly recipe: string;
  readonly compressor: string;
  readonly down: string;
  readonly momentum: string;
  readonly learningRate: string;
  /** Specs; null where the recipe decides, or there is none. */
  readonly optimizer: string | null;
  readonly schedule: string | null;
  readonly average: string | null;
  readonly aggregator: string | null;
  readonly byzantine: string | null;
  /** Which tensors each peer keeps to itself; null where everything is exchanged. */
  readonly local: string | null;
  readonly judged: Judged;
  readonly model: string;
  readonly engine: string;
  readonly data: string;
  readonly partition: string;
  readonly parameters: number;
  readonly peers: number;
  readonly link: string;
  /** Of the simulated world; null where it was ideal, or real. */
  readonly faults: Faults | null;
  readonly outcome: Outcome;
  readonly rounds: number;
  /** How often membership changed. */
  readonly viewChanges: number;
  /** Attempts at a round that were undone because it did. */
  readonly undone: number;
  readonly seconds: number;
  readonly clock: "wall" | "virtual";
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** What crossed the sockets of this peer, encryption and membership included; absent where there are none. */
  readonly wireBytes?: WireBytes;
  readonly bytesTotal: number;
  readonly bytesPerPeerPerRound: number;
  readonly encodeMs: number;
  readonly decodeMs: number;
  readonly gradientMs: number;
  readonly loss: number;
  readonly accuracy: number | null;
  /** Ξ at the end; absent where all parameters are equal. */
  readonly consensus?: number;
  /** At the end; @see Measured.ownLoss */
  readonly ownLoss?: number;
  readonly ownAccuracy?: number;
  readonly target: string | null;
  readonly reachedTargetAtRound: number | null;
  readonly reachedTargetAtSeconds: number | null;
  readonly reachedTargetAtBytes: number | null;
  readonly uncompressedBytes: number;
  readonly compressionRatio: number;
  readonly seed: number;
  /**
   * SHA-256 of the final parameters' bytes, little-endian; of their mean where they differ between peers. Without local
   * tensors, so that peers which hold the same of what is shared say the same.
   */
  readonly paramsHash: string;
  readonly warnings: readonly string[];
  /** What could not be written; the run itself went on. */
  readonly trouble: readonly string[];
  /** Since the run began or was continued. */
  readonly curve: readonly Evaluation[];
}

/** The whole state of one peer after a round: with the parameters it continues bit for bit. */
export interface PeerState {
  readonly id: PeerId;
  /** Rank in the view. */
  readonly rank: number;
  /** How many hand in their states. */
  readonly members: number;
  /** Rounds done. */
  readonly round: number;
  /** Only rank 0's are kept where the parameters of all are equal; else the mean of all. With its local tensors. */
  readonly params: Float32Array | null;
  readonly learner: NamedVectors;
}

/** What the run's screen and files listen to. */
export interface RunListener {
  started?(header: RunHeader): void;
  progress?(progress: Progress): void;
  /** Membership changed. */
  regrouped?(change: Regrouping): void;
  /** Something could not be written; the run goes on. */
  trouble?(line: string): void;
}

/** A run that was asked for, and how to ask it to stop. */
export interface RunControls {
  readonly listener?: RunListener;
  /** Where logs, checkpoints and the result go; nothing is written without it. */
  readonly out?: string;
  /** A file for what happened when, as `ChromeTrace` writes it; in virtual time only. */
  readonly trace?: string;
  /** A run folder or a checkpoint to continue. */
  readonly resume?: string;
  /** Rounds between checkpoints; one is always written at the end. */
  readonly checkpointEvery?: number;
  /** How many of the newest are kept, default 2. */
  readonly keepCheckpoints?: number;
  /** Aborted to stop after the round in flight, with everything saved. */
  readonly stop?: AbortSignal;
  /** Aborted to stop at once: the last checkpoint stands. */
  readonly kill?: AbortSignal;
}
