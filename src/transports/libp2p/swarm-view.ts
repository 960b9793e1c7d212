/**
 * A view with what the network has to know of its members, and how it is written. A view as the program sees it is the
 * same without names and addresses.
 */
import type { ByteSink, ByteSource } from "../../coding/bytes.ts";
import { type PeerId, peerId, type View } from "../../ports/view.ts";
import { ROLES, type Role } from "./admission-port.ts";
import {
  ADDRESS_BYTES_MAX,
  ADDRESSES_MAX,
  BARRED_MAX,
  MEMBERS_MAX,
  REASON_BYTES_MAX,
  SWARM_NAME_BYTES_MAX,
  TICKET_NAME_BYTES_MAX,
} from "./swarm-limits.ts";

export interface SwarmMember {
  readonly id: PeerId;
  /** Its libp2p peer id as text; a node that comes back has the same, with another id. */
  readonly node: string;
  readonly role: Role;
  /** Multiaddrs, each with the peer id at its end. */
  readonly addresses: readonly string[];
  /** By which it was let in: the serial of its ticket; empty if there was none. */
  readonly ticket: string;
}

/** A node that was dropped for what it did, and is not let in again. */
export interface Barred {
  readonly node: string;
  readonly why: string;
}

export interface SwarmView {
  /** Drawn by the founder: what was said in one swarm means nothing in another, or in one that was founded anew. */
  readonly swarm: string;
  readonly epoch: number;
  /** Of the next to join: ids are given once. */
  readonly nextId: number;
  /** In rank order, the oldest first; at least one. */
  readonly members: readonly SwarmMember[];
  /** The last ones, in the order in which they were dropped. */
  readonly barred: readonly Barred[];
}

/** What programs see. */
export const viewOf = ({ epoch, members }: SwarmView): View => ({
  epoch,
  members: members.map(({ id }) => id),
  workers: members.filter(({ role }) => role === "train").map(({ id }) => id),
});

export const memberOf = (view: SwarmView, id: PeerId): SwarmMember | undefined =>
  view.members.find((member) => member.id === id);

export function writeView(view: SwarmView, into: ByteSink): void {
  writeText(view.swarm, into);
  into.u32(view.epoch).u32(view.nextId).u16(view.members.length);
  for (const { id, node, role, addresses, ticket } of view.members) {
    into.u16(id).u8(ROLES.indexOf(role));
    writeText(node, into);
    writeText(ticket, into);
    writeAddresses(addresses, into);
  }
  into.u16(view.barred.length);
  for (const { node, why } of view.barred) {
    writeText(node, into);
    writeText(why, into);
  }
}

/** At least as many bytes as `writeView` writes. */
export function viewBytesMax({ swarm, members, barred }: SwarmView): number {
  const textBytes = (...texts: readonly string[]) => texts.reduce((sum, text) => sum + 2 + 3 * text.length, 0);
  const told = members.reduce(
    (sum, { node, ticket, addresses }) => sum + 4 + textBytes(node, ticket, ...addresses),
    12 + textBytes(swarm),
  );
  return barred.reduce((sum, { node, why }) => sum + textBytes(node, why), told);
}

/** @throws {CorruptError} */
export function readView(from: ByteSource): SwarmView {
  const swarm = readText(from, SWARM_NAME_BYTES_MAX);
  const epoch = from.u32();
  const nextId = from.u32();
  const count = from.u16();
  if (count === 0 || count > MEMBERS_MAX) throw from.corrupt(`1 to ${MEMBERS_MAX} members`, count);
  const members: SwarmMember[] = [];
  const ids = new Set<number>();
  for (let i = 0; i < count; i++) {
    const id = peerId(from.u16());
    if (ids.has(id) || id >= nextId) throw from.corrupt(`ids below ${nextId}, each once`, id);
    ids.add(id);
    const role = ROLES[from.u8()];
    if (role === undefined) throw from.corrupt(`a role: ${ROLES.join(", ")}`);
    const node = readText(from, ADDRESS_BYTES_MAX);
    const ticket = readText(from, TICKET_NAME_BYTES_MAX);
    members.push({ id, role, node, ticket, addresses: readAddresses(from) });
  }
  return { swarm, epoch, nextId, members, barred: readBarred(from) };
}

function readBarred(from: ByteSource): Barred[] {
  const count = from.u16();
  if (count > BARRED_MAX) throw from.corrupt(`at most ${BARRED_MAX} barred nodes`, count);
  return Array.from({ length: count }, () => ({
    node: readText(from, ADDRESS_BYTES_MAX),
    why: readText(from, REASON_BYTES_MAX),
  }));
}

export function writeAddresses(addresses: readonly string[], into: ByteSink): void {
  const told = addresses.filter((address) => address.length <= ADDRESS_BYTES_MAX).slice(0, ADDRESSES_MAX);
  into.u8(told.length);
  for (const address of told) writeText(address, into);
}

/** @throws {CorruptError} */
export function readAddresses(from: ByteSource): readonly string[] {
  const count = from.u8();
  if (count > ADDRESSES_MAX) throw from.corrupt(`at most ${ADDRESSES_MAX} addresses`, count);
  return Array.from({ length: count }, () => readText(from, ADDRESS_BYTES_MAX));
}

const encoder = new TextEncoder();
/** Keeps a byte order mark: what is signed must be written again as it was read. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param text of at most 65 535 bytes */
export function writeText(text: string, into: ByteSink): void {
  const coded = encoder.encode(text);
  into.u16(coded.length).bytes(coded);
}

/** @throws {CorruptError} unless it is UTF-8 of at most `bytesMax` bytes */
export function readText(from: ByteSource, bytesMax: number): string {
  const length = from.u16();
  if (length > bytesMax) throw from.corrupt(`a text of at most ${bytesMax} bytes`, length);
  const coded = from.bytes(length);
  try {
    return decoder.decode(coded);
  } catch {
    throw from.corrupt("text in UTF-8");
  }
}
