/**
 * Certificate: the votes by which a view was decided. Whoever holds the view before can check them, so nobody need be
 * believed about what was decided.
 *
 *     vote        = Ed25519 over DOMAIN | digest of the view before | ballot u32 | digest of the view voted for
 *     certificate = digest of the view before, 32 bytes | ballot u32 | count u16 | count × (member u16, vote 64 bytes)
 *
 * A digest is SHA-256 of what `writeView` writes. It covers the name of the swarm, so no vote is good in another one.
 */
import { ByteSink, type ByteSource } from "../../coding/bytes.ts";
import { type PeerId, peerId } from "../../ports/view.ts";
import { SIGNATURE_BYTES } from "./keys.ts";
import { DIGEST_BYTES, digest, type Signing } from "./signing.ts";
import { MEMBERS_MAX } from "./swarm-limits.ts";
import { memberOf, type SwarmView, viewBytesMax, writeView } from "./swarm-view.ts";

const DOMAIN: Uint8Array = new TextEncoder().encode("thinwire vote 1\n");

export interface Certificate {
  /** Digest of the view before. */
  readonly follows: Uint8Array;
  /** In which its members voted (`succession.ts`). */
  readonly ballot: number;
  readonly votes: ReadonlyMap<PeerId, Uint8Array>;
}

/** A view that was decided, and what proves it. */
export interface Decision {
  readonly view: SwarmView;
  readonly certificate: Certificate;
}

const digests = new WeakMap<SwarmView, Uint8Array>();

export function digestOf(view: SwarmView): Uint8Array {
  const known = digests.get(view);
  if (known !== undefined) return known;
  const sink = new ByteSink(viewBytesMax(view));
  writeView(view, sink);
  const made = digest(sink.written);
  digests.set(view, made);
  return made;
}

export const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, i) => byte === other[i]);

export const isSameView = (one: SwarmView, other: SwarmView): boolean => isSame(digestOf(one), digestOf(other));

/** What a member signs to vote for a view. */
export const voteFor = (view: SwarmView, follows: Uint8Array, ballot: number): Uint8Array =>
  new ByteSink(DOMAIN.length + 2 * DIGEST_BYTES + 4).bytes(DOMAIN).bytes(follows).u32(ballot).bytes(digestOf(view))
    .written;

/** Whether members of the view before have signed all votes of a certificate. */
export function areSigned(before: SwarmView, { view, certificate }: Decision, signing: Signing): boolean {
  const { follows, ballot, votes } = certificate;
  const vote = voteFor(view, follows, ballot);
  return [...votes].every(([id, signature]) => signing.verifies(memberOf(before, id)?.node ?? "", vote, signature));
}

export function writeCertificate({ follows, ballot, votes }: Certificate, into: ByteSink): void {
  into.bytes(follows).u32(ballot).u16(votes.size);
  for (const [id, signature] of votes) into.u16(id).bytes(signature);
}

/** @throws {CorruptError} */
export function readCertificate(from: ByteSource): Certificate {
  const follows = from.bytes(DIGEST_BYTES).slice();
  const ballot = from.u32();
  const count = from.u16();
  if (count > MEMBERS_MAX) throw from.corrupt(`at most ${MEMBERS_MAX} votes`, count);
  const votes = new Map<PeerId, Uint8Array>();
  for (let i = 0; i < count; i++) votes.set(peerId(from.u16()), from.bytes(SIGNATURE_BYTES).slice());
  if (votes.size < count) throw from.corrupt("one vote a member");
  return { follows, ballot, votes };
}
