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
 * What peers tell each other along with a round, one byte at the end of each message. 0 is silence. With any other value
 * told by any member the round is undone everywhere, and every member hears the largest one instead of a result. What
 * the values mean is the run's business.
 */
export type Note = number;

export interface PatternSettings {
  /** Virtual time charged for an encoding or a decoding; `undefined` charges what it takes. */
  readonly codecCost: Seconds | undefined;
}

export interface Pattern {
  /** For error texts and logs. */
  readonly name: string;
  /** Joins the exchange as one peer. @param layout of the vectors, the same at every member */
  open(peer: Peer, layout: Layout, settings: PatternSettings): Exchange;
  /** Bytes of frames that a round would take if vectors travelled as plain f32: the yardstick of compression. */
  uncompressedBytes(view: View, length: number): Bytes;
}

export interface Exchange {
  /**
   * One round: every member gets the same aggregate of the workers' vectors in `out`, bit for bit. If any member told a
   * note, `out` is left as it is and all memories are as before the round.
   * @param vector this peer's share, length d; null at a member that is no worker
   * @returns the largest note told by any member; 0 if the round counts
   */
  average(vector: Float32Array | null, out: Float32Array, round: Round, note: Note): Promise<Note>;
  /** The settled memories of this peer's channel ends. */
  save(): NamedVectors;
  /** @throws {CheckpointError} */
  restore(saved: NamedVectors): void;
}
