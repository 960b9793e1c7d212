/**
 * Channel: a compressor with memory, for a sequence of vectors over one wire. Two-phase: `encode` and `decode` are
 * tentative, `commit` or `rollback` settles them, so a lost message or a dead peer never corrupts the memory.
 */
import type { Layout } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import type { Bytes } from "../base/units.ts";

/** Named vectors of a channel end, ready to be written to a checkpoint or sent to a joiner. */
export type ChannelState = ReadonlyMap<string, Float32Array>;

export interface SavedChannel {
  /** What both ends mirror; a joiner downloads it. */
  readonly shared: ChannelState;
  /** What only this end has: the error memory. */
  readonly private: ChannelState;
}

export interface Settled {
  /**
   * The round in flight was decided: its effect on the memory becomes final. Harmless when nothing is in flight.
   */
  commit(): void;
  /** The round in flight is undone: the memory is as before `encode` or `decode`. Harmless when nothing is in flight. */
  rollback(): void;
  /** A copy of the settled memory. */
  save(): SavedChannel;
  /** @throws {CheckpointError} if names or lengths differ from what `save` gives */
  restore(saved: SavedChannel): void;
}

export interface Sender extends Settled {
  /** The message; valid until the next call of `encode`. */
  encode(x: Float32Array, rng: Random): Uint8Array;
  /** As `encode`; the message may be a view of x, and is then valid only as long as x stays as it is. */
  lend?(x: Float32Array, rng: Random): Uint8Array;
  /**
   * The unit of the vectors changed: what is remembered is multiplied by `factor` at the next `encode`, and stays as it was
   * if that round is undone. Absent where nothing remembered depends on the unit.
   */
  rescale?(factor: number): void;
}

export interface Receiver extends Settled {
  decode(message: Uint8Array, out: Float32Array, rng: Random): void;
  decodeAdd(message: Uint8Array, out: Float32Array, weight: number, rng: Random): void;
}

/**
 * The receiving ends of several equal senders in one, for their mean: it may keep the mean of mirrored states in place of
 * one state per sender, and it counts senders that are silent in a round by what is remembered of them.
 */
export interface Collector extends Settled {
  /** Starts a round: `out` becomes what is known before any message. @param expected messages, pn with partial participation */
  begin(out: Float32Array, expected: number): void;
  /** Adds one message. @param sender 0 … senders − 1 */
  add(sender: number, message: Uint8Array, out: Float32Array, rng: Random): void;
  /** All messages of the round are in: `out` becomes the mean. */
  finish(out: Float32Array): void;
}

export interface Channel {
  /** Canonical name, for the job's hash and error texts: `error-feedback(top-k:0.01)`. */
  readonly name: string;
  /** No message for a vector of this length is longer. */
  maxBytes(length: number, layout?: Layout): Bytes;
  sender(length: number, layout?: Layout): Sender;
  receiver(length: number, layout?: Layout): Receiver;
  /** Absent where the mean of the received vectors is all there is to it. */
  collector?(senders: number, length: number, layout?: Layout): Collector;
}
