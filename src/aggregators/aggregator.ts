/**
 * Aggregator: the messages of many → one vector, at the peer that serves. It owns the receiving ends.
 */
import type { Layout } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import type { Channel, Settled } from "../channels/channel.ts";
import type { PeerId } from "../ports/view.ts";
import type { AggregatorUse, Rule } from "./rule.ts";

/** How an end of a channel is used. */
export interface EndUse {
  /** Who has the other end, where it is one peer. */
  readonly other?: PeerId;
  /** All members of the view hold an equal one. */
  readonly replicated?: boolean;
  /** What is mirrored in it begins anew in every view. */
  readonly anew?: boolean;
}

/** Keeps ends of channels, and vectors, by name: what was kept before under a name comes back under it. */
export interface EndKeeper {
  end<E extends Settled>(name: string, make: () => E, use?: EndUse): E;
  /**
   * For an end that must be made anew: it takes over what was remembered under its name.
   * @param use `replicated`: all members hold an equal one, though nobody has another end of it
   */
  carry(name: string, end: Settled, use?: Pick<EndUse, "replicated">): void;
  vector(name: string, length: number): Float32Array;
}

export interface AggregationSetup {
  /** What each sender's messages come through. */
  readonly channel: Channel;
  /** In rank order. */
  readonly senders: readonly PeerId[];
  readonly layout: Layout;
  /** How much each sender counts, in their order: its rows of data. Equal if left out. */
  readonly weights?: readonly number[];
  /** Keeps the receiving ends; made anew if left out. */
  readonly keeper?: EndKeeper;
  /** All members aggregate alike, as in an all-gather. */
  readonly replicated?: boolean;
  /** Senders come and go, so that each has a receiving end of its own. */
  readonly elastic?: boolean;
}

export interface Aggregator {
  /** Canonical spec. */
  readonly name: string;
  /** @throws {ConfigError} if there are too few senders, or the channel does not suit */
  open(setup: AggregationSetup): Aggregation;
  /** One line for each condition of its guarantee that the swarm breaks. */
  warnings?(use: AggregatorUse): readonly string[];
  /** Of an aggregator that looks at all vectors of a round side by side: `bucketing` may average some of them first. */
  readonly rule?: Rule;
}

/** One round at a time: `begin`, then `add` for every sender that takes part, in rank order, then `finish`. */
export interface Aggregation {
  /** @param expected messages: fewer than senders with partial participation, pn where their number is random */
  begin(out: Float32Array, expected: number): void;
  /** @param sender index among the setup's senders */
  add(sender: number, message: Uint8Array, rng: Random, out: Float32Array): void;
  finish(out: Float32Array): void;
  /** Everything that a round settles and a checkpoint holds, by name: `from/3`, or `collector`. */
  readonly ends: ReadonlyMap<string, Settled>;
}
