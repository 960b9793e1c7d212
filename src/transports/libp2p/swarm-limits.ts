/**
 * What one member may ask of another. Whoever goes beyond a limit is dropped and named.
 */
import { type Bytes, bytes } from "../../base/units.ts";

export interface PeerLimits {
  /** Body of one message. */
  readonly messageBytes: Bytes;
  /** Of one sender and one round. */
  readonly messagesPerRound: number;
  readonly bytesPerRound: Bytes;
}

export const defaultPeerLimits: PeerLimits = {
  messageBytes: bytes(2 ** 30),
  messagesPerRound: 4096,
  bytesPerRound: bytes(2 ** 32),
};

/** Rounds of one sender that are counted at a time: the last ones it wrote in. */
export const ROUNDS_COUNTED = 64;

/** Mail may come from a view that is this far ahead of the newest one known here. */
export const EPOCHS_AHEAD_MAX = 1024;

/** Members of a swarm: each is connected to each. */
export const MEMBERS_MAX = 1024;

/** Ids of a swarm in all its time: when they are given out nobody can join any more. */
export const IDS_MAX: number = 2 ** 16;

/** Addresses of a member, and the length of one. */
export const ADDRESSES_MAX = 8;
export const ADDRESS_BYTES_MAX = 256;

/** A message about membership; the largest holds a view of as many members as there may be. */
export const CONTROL_BYTES_MAX: number = 4 * 2 ** 20;

/** What the founder tells joiners about the job. */
export const ABOUT_BYTES_MAX: number = 1024 * 1024;

/** Text for people: why somebody was refused or is gone. */
export const REASON_BYTES_MAX = 1024;

/** Nodes that a view names as dropped, and what is told of each. */
export const BARRED_MAX = 64;
export const WHY_CHARACTERS_MAX: number = REASON_BYTES_MAX / 4;

/** The name of a swarm among those with the same key. */
export const SWARM_NAME_BYTES_MAX = 32;

/** Views that are kept with what proves them, for members that have not heard of them. */
export const DECISIONS_KEPT = 16;

/** The serial of a ticket. */
export const TICKET_NAME_BYTES_MAX = 64;

/** Serials in a list of revoked tickets, the last ones; and how many are remembered of all lists. */
export const REVOKED_MAX = 1024;
export const REVOKED_REMEMBERED_MAX = 4096;

/** Streams that wait for this node to hear of their sender's view. */
export const HELD_STREAMS_MAX = 256;

/** Joiners that wait at a leader for the next view. */
export const JOINERS_MAX = 256;

/**
 * Bytes that a line hands to libp2p at a time: large ones leave room for other streams. With the 12 bytes that Yamux puts before
 * them they fill four messages of Noise.
 */
export const CHUNK_BYTES: number = 4 * 65_519 - 12;

/** Bytes on their way to one member in one stream of libp2p, before its answer: what 100 Mbit/s carry in 160 ms. */
export const WINDOW_BYTES: number = 2 * 2 ** 20;

/** Bytes that wait in a socket before its streams wait. */
export const SOCKET_BYTES: number = 256 * 1024;
