/**
 * Method: what one peer does in a round, once a recipe's slots are filled.
 */
import type { NamedVectors } from "../base/state.ts";
import type { Bytes, Seconds } from "../base/units.ts";
import type { Averaging } from "../optimizers/averaging/averaging.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Note } from "../patterns/pattern.ts";
import type { Batch } from "../ports/dataset.ts";
import type { Model } from "../ports/model.ts";
import type { Peer } from "../ports/peer.ts";
import type { PeerId, View } from "../ports/view.ts";
import type { Round } from "../rounds/round.ts";
import type { LocalTensors } from "./local-tensors.ts";
import type { SharedReplicas } from "./shared-replicas.ts";

/** Where the velocity of heavy-ball momentum is kept. */
export type MomentumPlace = "worker" | "server";

export interface Momentum {
  /** μ in [0, 1). */
  readonly factor: number;
  /** "worker": before compression. "server": after the average, at every peer alike. */
  readonly at: MomentumPlace;
}

export interface TrainingSettings {
  /** η, before the schedule. */
  readonly learningRate: number;
  /** What η is multiplied by in a round, counted from 0; 1 if left out. */
  readonly schedule?: (round: number) => number;
  readonly momentum: Momentum;
  /** In place of the recipe's own. */
  readonly optimizer?: Optimizer;
  /** Averages iterates beside the training. */
  readonly averaging?: Averaging;
  /** Rows of a worker: how much it counts in a weighted mean. */
  readonly weightOf?: (worker: PeerId) => number;
  /** Of the run, at most. */
  readonly rounds?: number;
  /** Members come and go. */
  readonly elastic?: boolean;
  /** @see PatternSettings.parts */
  readonly parts?: number;
  /** Virtual time charged for a local step; `undefined` charges what it takes. */
  readonly stepCost: Seconds | undefined;
  /** Virtual time charged for an encoding or a decoding; `undefined` charges what it takes. */
  readonly codecCost: Seconds | undefined;
}

/** What a method works with at one peer. */
export interface Trainee {
  readonly peer: Peer;
  readonly model: Model;
  /**
   * The mini-batch of a round, a pure function of its number, to be read within the `work` that asks for it: peers of one
   * process may share its memory. `size`: rows of each. Null at a member that is no worker.
   */
  readonly batches: { readonly size?: number; at(round: number): Batch } | null;
  /**
   * Changed in place, or replaced by those that it shares with other peers. Without the local tensors, in the layout of what
   * is shared.
   */
  params: Float32Array;
  /** What this peer keeps to itself; absent where everything is exchanged. At a member without data it stays as it began. */
  readonly localTensors?: LocalTensors;
  /** Of the peers of this process. */
  readonly shared?: SharedReplicas;
  readonly settings: TrainingSettings;
}

export interface StepReport {
  /** Loss on this peer's mini-batch; NaN at a member that is no worker. */
  readonly loss: number;
  readonly note: Note;
  /** Rounds done when the run ended, where this peer was absent then. */
  readonly at?: number;
}

export interface Learner {
  /**
   * One round. With a note in the report the round was undone: parameters and state are as before it. Made again, it takes
   * the vectors that it took before.
   * @throws {PeerLost} The round is then in flight, until `settle`
   */
  step(round: Round, note: Note): Promise<StepReport>;
  /** Of a round in flight: it was decided if it is one before `round`, and else is undone. No result is applied. */
  settle(round: number): void;
  /** How many rounds the parameters hold, where `done` were made: fewer at a member that was absent. */
  holds(done: number): number;
  /** Members that miss results get them as they take part again; only the server must always have all. */
  readonly lazy: boolean;
  /** What a member that has just come, or that misses a result, needs to go on like this one. */
  replica(): NamedVectors;
  /** Takes over the replica of another member. @throws {CheckpointError} */
  adopt(replica: NamedVectors): void;
  /**
   * Goes on in the view that the peer is in now.
   * @param joined members that have just come, and know nothing @param brought members that were given the state
   */
  regroup(joined: ReadonlySet<PeerId>, brought: readonly PeerId[]): void;
  /** The parameters to judge and to keep: those trained, their average, or a model that only the server has. Of what is shared. */
  model(): Float32Array;
  /** Optimizer and channel state of this peer, without the parameters unless they differ between peers. */
  save(): NamedVectors;
  restore(saved: NamedVectors): void;
  /** As `restore`, among members that know nothing of this peer: what both ends of a wire hold begins anew. */
  recover(saved: NamedVectors): void;
}

export interface Method {
  /** What it is made of: `exchange-gradients(parameter-server(…))`. */
  readonly name: string;
  open(trainee: Trainee): Learner;
  /** Each peer steps along gradients of its own, so tensors that it keeps to itself are trained. */
  readonly stepsLocally?: true;
  /** Bytes a round would take uncompressed. @param length entries that are exchanged */
  uncompressedBytes(view: View, length: number): Bytes;
  /**
   * H ≥ 0, where peers are decentralised: their models differ, and what is judged is the mean of them. What one peer tells
   * reaches all within H rounds, so that a peer that has made r + H rounds knows that all have made r. Absent where all
   * models are one. @throws {ConfigError} if peers cannot be joined like this
   */
  hops?(view: View): number;
}
