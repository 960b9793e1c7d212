/**
 * Pattern: who exchanges what with whom, as the program of one peer. It averages vectors and knows nothing of models.
 */
import type { Layout } from "../base/layout.ts";
import type { Bytes, Seconds } from "../base/units.ts";
import type { Peer } from "../ports/peer.ts";
import type { PeerId, View } from "../ports/view.ts";
import type { Round } from "../rounds/round.ts";
import type { ExchangeMemory } from "./exchange-memory.ts";

/**
 * What peers tell each other along with a round, one byte at the end of each message. 0 is silence. With any other value
 * told by any member the round is undone everywhere, and every member hears the largest one instead of a result. What
 * the values mean is the run's business.
 */
export type Note = number;

export interface PatternSettings {
  /** Virtual time charged for an encoding or a decoding; `undefined` charges what it takes. */
  readonly codecCost: Seconds | undefined;
  /** How much a worker counts: its rows of data. Equal if left out. */
  readonly weightOf?: (worker: PeerId) => number;
  /** Of the run, at most: after the last one, members that are absent in it hear that it is over. */
  readonly rounds?: number;
  /** Members come and go: the exchange will be opened anew in other views. */
  readonly elastic?: boolean;
  /** In how many parts a vector is cut where members own parts of it, whoever is there; default one for each worker. */
  readonly parts?: number;
}

export interface Pattern {
  /** For error texts and logs. */
  readonly name: string;
  /**
   * Joins the exchange as one peer, in the view that it is in.
   * @param layout of the vectors, the same at every member
   * @param memory what the exchange remembers: empty, or of the views before
   */
  open(peer: Peer, layout: Layout, settings: PatternSettings, memory: ExchangeMemory): Exchange;
  /** Bytes of frames that a round would take if vectors travelled as plain f32: the yardstick of compression. */
  uncompressedBytes(view: View, length: number): Bytes;
  /** Members may be absent from rounds. A note ends such a run: those absent hear of it when they come back. */
  readonly partial?: boolean;
}

/** What this peer does in a round of a pattern with partial participation. */
export interface Entry {
  /** "server": it has no vector, and hears the result. */
  readonly role: "worker" | "server" | "absent";
  /** Not 0: the run ended, after `at` rounds, while this peer was absent. */
  readonly note: Note;
  readonly at?: number;
}

/** How a member that was absent is brought forward. */
export interface Replica {
  /** Applies the result of a round that it missed; called in the order of rounds. */
  apply(result: Float32Array, round: number): void;
  /** All that results ever change, in place: read at the server, overwritten at a member that missed too much. */
  readonly state: Float32Array;
}

export interface Exchange {
  /**
   * Where members may be absent: which part this peer plays in the round, after it has been brought up to date. To be
   * called by every member in every round, before `average`, which an absent member does not call.
   */
  enter?(round: Round, replica: Replica): Promise<Entry>;
  /**
   * One round: every member gets the same aggregate of the workers' vectors in `out`, bit for bit. If any member told a
   * note, `out` is left as it is. The memory is left in flight, for the caller to settle (`rounds/settlement.ts`).
   * @param vector this peer's share, length d; null at a member that is no worker in this round
   * @param answer at a server: what it sends in place of the aggregate, such as the model that the aggregate leads to;
   *   called at most once, when the round can no longer be undone by a note
   * @returns the largest note told by any member; 0 if the round counts
   */
  average(
    vector: Float32Array | null,
    out: Float32Array,
    round: Round,
    note: Note,
    answer?: (aggregate: Float32Array) => Float32Array,
  ): Promise<Note>;
  /** The unit of the vectors changed: what senders remember is multiplied by `factor`. */
  rescale?(factor: number): void;
  /** Where members may be absent: the first round whose result this member does not have, as far as it knows. */
  readonly known?: number | undefined;
  /**
   * Where members may be absent: nobody knows any more who has missed what, so all are brought forward as they come.
   * @param joined this member has just come: it has the result of no round
   */
  forgetAbsences?(joined: boolean): void;
}
