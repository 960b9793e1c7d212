/**
 * A round: one exchange that all members make together, and what its messages are called.
 */
import type { Random } from "../base/random.ts";
import type { Kind, Peer, Tag } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";

export interface Round {
  /** Counts from 0. */
  readonly number: number;
  /** How often this round was undone before. */
  readonly attempt: number;
}

export const tagOf = (kind: Kind, round: Round, part = 0): Tag => ({
  kind,
  round: round.number,
  attempt: round.attempt,
  part,
});

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
