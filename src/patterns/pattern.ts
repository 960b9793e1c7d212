/**
 * Pattern: who exchanges what with whom, as the program of one peer. It averages vectors and knows nothing of models.
 */
import type { Layout } from "../base/layout.ts";
import type { NamedVectors } from "../base/state.ts";
import type { Bytes, Seconds } from "../base/units.ts";
import type { Peer } from "../ports/peer.ts";
import type { View } from "../ports/view.ts";
import type { Round } from "../rounds/round.ts";

/**
 * What peers tell each other along with a round, one byte at the end of each message. The largest value told in a round
 * reaches every member with its result. What the values mean is the run's business; 0 is silence.
 */
export type Note = number;

export interface PatternSettings {
  /** Virtual time charged for an encoding or a decoding; `undefined` charges what it takes. */
  readonly codecCost: Seconds | undefined;
}

export interface Pattern {
  readonly name: string;
  /** Joins the exchange as one peer. @param layout of the vectors, the same at every member */
  open(peer: Peer, layout: Layout, settings: PatternSettings): Exchange;
  /** Bytes of frames that a round would take if vectors travelled as plain f32: the yardstick of compression. */
  uncompressedBytes(view: View, length: number): Bytes;
}

export interface Exchange {
  /**
   * One round: every member gets the same aggregate of the workers' vectors in `out`, bit for bit.
   * @param vector this peer's share, length d; null at a member that is no worker
   * @returns the largest note told by any member
   */
  average(vector: Float32Array | null, out: Float32Array, round: Round, note: Note): Promise<Note>;
  /** The settled memories of this peer's channel ends. */
  save(): NamedVectors;
  /** @throws {CheckpointError} */
  restore(saved: NamedVectors): void;
}
