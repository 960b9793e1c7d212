/**
 * The run that a peer's program is part of, as that program sees it: what it is given, where it reports to, and what it
 * hands in at the end.
 */
import type { NamedVectors } from "../base/state.ts";
import type { Seconds } from "../base/units.ts";
import type { Note } from "../patterns/pattern.ts";
import type { Batch, TrainTest } from "../ports/dataset.ts";
import type { MeterTotals } from "../ports/meter.ts";
import type { Model } from "../ports/model.ts";
import type { PeerId, View } from "../ports/view.ts";
import type { LocalTensors } from "../recipes/local-tensors.ts";
import type { Method, TrainingSettings } from "../recipes/method.ts";
import type { SharedReplicas } from "../recipes/shared-replicas.ts";
import type { Job } from "./job.ts";
import type { Decision, Dials } from "./pacing/pacing.ts";
import type { Measured, Outcome, PeerState, Regrouping, Totals } from "./result.ts";

/** What a note says; the largest one told in a round wins. */
export const NOTES: Readonly<Record<"goOn" | "target" | "diverged" | "interrupted", Note>> = {
  goOn: 0,
  target: 1,
  diverged: 2,
  interrupted: 3,
};

/** One peer's tick: before the first round, after each, and when the run stops. */
export interface Tick {
  readonly rank: number;
  /** Of the view. */
  readonly epoch: number;
  readonly members: number;
  /** Attempts that were undone for a new view. */
  readonly undone: number;
  /** Rounds done. */
  readonly round: number;
  /** Exchanges made in this run, a last one that was undone included: what the ledger counts by. */
  readonly exchanges: number;
  readonly seconds: number;
  readonly batchLoss: number;
  /** What this peer had measured by then. */
  readonly totals: MeterTotals;
  /** From rank 0 after rounds that were evaluated. */
  readonly metrics?: Measured;
  /** After the same rounds, of each peer that is recorded by itself, where all have one model. */
  readonly paramsHash?: string;
}

/** The run that this peer is part of: where it reports to and hears from, without waiting. */
export interface Host {
  tick(tick: Tick): void;
  /** Asked by rank 0 before each round: whether all are to stop. */
  stopRequested(): boolean;
  /** Asked before each round where members come and go: whether this peer is to leave, while the others go on. */
  leaves?(): boolean;
  /**
   * Each peer is recorded by itself, on a machine of its own: it keeps its model, hears of every change, and evaluates the
   * last round for itself. Where models differ, its own is judged.
   */
  readonly alone?: boolean;
  /** The round after which a checkpoint is due, as a period; 0 is never. */
  readonly checkpointEvery: number;
  /** The same in time; 0 or left out is never. */
  readonly checkpointSeconds?: Seconds;
  checkpoint(state: PeerState): void;
  /** Decentralised: this peer's model after a round whose mean model is measured. */
  show(round: number, model: Float32Array): void;
  /** What all have shown of a round, in the order of ids; asked once, by rank 0. @throws {PeerLost} if a model is missing */
  shown(round: number): readonly Float32Array[];
  /**
   * This peer's local tensors after so many rounds, told before its message of the last of these is sent. Absent where
   * nobody judges them but this peer.
   */
  readonly keeps?: (rounds: number, values: Float32Array) => void;
  /** Of each peer that has told, its local tensors after so many rounds. Asked by rank 0, and never again for fewer. */
  kept?(rounds: number): ReadonlyMap<PeerId, Float32Array>;
  /** This peer turned a dial of its compressors. */
  decided?(decision: Decision): void;
  /** Membership changed; told by rank 0 of the new view. */
  regrouped?(change: Regrouping): void;
  /** The run is over: what all members have spent, where each is recorded by itself. */
  concluded?(totals: Totals): void;
  /** Whether some peer has come to the end of the run, as far as it is known: who comes later begins no new one. */
  ended?(): boolean;
}

export interface Resumed {
  /** Rounds done. */
  readonly round: number;
  readonly params: Float32Array;
  /** Absent where this peer was away when the checkpoint was made. */
  readonly learner: NamedVectors | undefined;
  /**
   * The others know nothing of this peer any more: of the learner's state only what is its own is taken, and only if
   * nobody is ahead of it.
   */
  readonly wiresAnew?: boolean;
}

/**
 * How a peer begins: with all others; with members that lack their state, to be agreed with; or as one that has nothing and
 * is brought forward.
 */
export type Beginning = "together" | "agreeing" | "joining";

export interface PeerSetup {
  readonly job: Job;
  readonly method: Method;
  /** Of the method's compressors, which are then this peer's alone. */
  readonly dials?: Dials | undefined;
  readonly model: Model;
  readonly data: TrainTest;
  /** The view for which the data was shared out. */
  readonly roster: View;
  /** Rows of each worker, in the roster's order. */
  readonly parts: readonly Uint32Array[];
  /** Which of the parts is this peer's, −1 for none; default by the roster. */
  readonly place?: number;
  readonly settings: TrainingSettings;
  /** Of the mini-batches of all peers that run in this thread; default: of this one's. */
  readonly batchRoom?: Batch;
  /** Where peers of one process that hold equal parameters share them. */
  readonly shared?: SharedReplicas;
  readonly host: Host;
  readonly resumed: Resumed | undefined;
  /** Where what this peer keeps to itself outlives a stay, for the next one. */
  readonly keepsake?: { localTensors?: LocalTensors };
  /** Default "together". */
  readonly begins?: Beginning;
}

export interface PeerOutcome {
  /** In the last view. */
  readonly rank: number;
  readonly outcome: Outcome;
  /** Rounds done. */
  readonly rounds: number;
  /** Seconds from the first round to the last. */
  readonly seconds: number;
  /** Rank 0's evaluation of the final parameters. */
  readonly metrics?: Measured;
  readonly reachedTargetAt?: { readonly round: number; readonly seconds: number };
  /**
   * The model that rank 0 keeps, since all others' are equal; of every peer where they differ, or where each is alone. Of
   * what is shared.
   */
  readonly params?: Float32Array;
}
