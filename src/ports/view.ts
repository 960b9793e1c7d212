/**
 * Who takes part: the membership of a swarm between two changes.
 */
declare const peer: unique symbol;

/** A peer's number in the swarm, 0 … 65 535; it keeps it for life, whatever its rank. */
export type PeerId = number & { readonly [peer]: "id" };

export const peerId = (n: number): PeerId => n as PeerId;

export interface View {
  /** Grows by one with every change of membership. */
  readonly epoch: number;
  /** All members in rank order: `members[rank]`. */
  readonly members: readonly PeerId[];
  /** Members that hold data and compute gradients, in rank order. */
  readonly workers: readonly PeerId[];
}

/** Rank of a member; −1 for a stranger. */
export const rankOf = (view: View, id: PeerId): number => view.members.indexOf(id);
