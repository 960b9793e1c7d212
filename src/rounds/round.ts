/**
 * A round: one exchange that all members make together, and what its messages are called.
 */
import { assert } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Kind, Peer, Tag } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";

export interface Round {
  /** Counts from 0. */
  readonly number: number;
  /** How often this round was undone before. */
  readonly attempt: number;
  /** Which of several exchanges within the round; 0 if left out. */
  readonly part?: number;
}

export function tagOf(kind: Kind, { number, attempt, part = 0 }: Round): Tag {
  assert(part <= 65_535, "a round has at most 65536 parts: take fewer buckets, or a pattern with fewer steps");
  return { kind, round: number, attempt, part };
}

/**
 * The randomness of one message, known to both ends: a function of who sends it, in which view, round and attempt, as
 * what and for which part. A round that runs again draws anew.
 */
export function messageRandom(peer: Peer, sender: PeerId, tag: Tag): Random {
  const { kind, round, attempt = 0, part = 0 } = tag;
  return peer.rng.split(
    `peer/${sender}/${kind}/epoch/${peer.view.epoch}/round/${round}/attempt/${attempt}/part/${part}`,
  );
}

/** The randomness of what the server (rank 0) sends: to all, or to one receiver where each gets a message of its own. */
export function downRandom(peer: Peer, tag: Tag, to?: PeerId): Random {
  const rng = messageRandom(peer, peer.view.members[0]!, tag);
  return to === undefined ? rng : rng.split(`to/${to}`);
}
