/**
 * Who may join a swarm: the one question that the network asks of whoever knows the answer. Libp2p has proved by then
 * that the remote holds the key of its peer id.
 */

/** What a member does: computes gradients, only listens, or only aggregates. */
export type Role = "train" | "observe" | "aggregate";

export const ROLES: readonly Role[] = ["train", "observe", "aggregate"];

/** Who asks. */
export interface Remote {
  /** As text, `12D3KooW…`. */
  readonly peerId: string;
  /** The multiaddr that it comes from. */
  readonly address: string;
}

/** `ticket` is the serial of the one that was shown, if any; `reason` is for the person who wants to join. */
export type Verdict =
  | { readonly accepted: true; readonly role: Role; readonly ticket?: string }
  | { readonly accepted: false; readonly reason: string };

/**
 * Judges the first words of a joiner, at most `MAX_HELLO_BYTES` of anything. Must be total: it resolves for any bytes, and a
 * rejection counts as a refusal.
 */
export type Admit = (hello: Uint8Array, remote: Remote) => Promise<Verdict>;

/** Of the first words of a joiner. */
export const MAX_HELLO_BYTES: number = 16 * 1024;
