/**
 * Join ticket: one line of text that lets its bearer join one swarm in one role until a date. It is signed with the swarm's
 * key and tells where members of the swarm may be found. Whoever has the line may use it: pass it on as a password.
 *
 *     ticket = "thinwire1" base64url(body signature)
 *     body   = role u8 | expires u32, seconds since 1970 | serial 8 bytes | swarm's public key 32 bytes
 *            | count u8 | count × (length u8, multiaddr as text)
 *
 * The signature is Ed25519 over `DOMAIN` and the body. Integers are little-endian.
 */
import { AdmissionError, assert, ConfigError, CorruptError } from "../../base/errors.ts";
import { type Seconds, seconds } from "../../base/units.ts";
import { ByteSink, ByteSource } from "../../coding/bytes.ts";
import { multiaddrOf, nodeAt } from "./addresses.ts";
import { ROLES, type Role } from "./admission-port.ts";
import { fromBase64url, toBase64url } from "./base64url.ts";
import { type KeyPair, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, verifies } from "./keys.ts";
import { TICKET_PREFIX } from "./ticket-prefix.ts";
import { ascii } from "./wire-text.ts";

export interface TicketTerms {
  readonly role: Role;
  /** The first second, counted from 1970, at which it no longer holds. */
  readonly expires: Seconds;
  /** Multiaddrs of members, each with its peer id, so that whoever answers there proves who it is. */
  readonly addresses: readonly string[];
}

/** What stands in a ticket whose signature is right. */
export interface Ticket extends TicketTerms {
  /** The swarm's public key, base64url. */
  readonly swarm: string;
  /** By which it is revoked: 16 hexadecimal digits. */
  readonly serial: string;
  /** The line itself. Secret. */
  readonly text: string;
}

const DOMAIN: Uint8Array = new TextEncoder().encode("thinwire ticket 1\n");
const SERIAL_BYTES = 8;
export const MAX_ADDRESSES = 8;
export const MAX_ADDRESS_BYTES = 255;
const MAX_BYTES =
  1 + 4 + SERIAL_BYTES + PUBLIC_KEY_BYTES + 1 + MAX_ADDRESSES * (1 + MAX_ADDRESS_BYTES) + SIGNATURE_BYTES;
export const MAX_TICKET_CHARACTERS: number = TICKET_PREFIX.length + Math.ceil((MAX_BYTES * 4) / 3);
const MAX_EXPIRES = 2 ** 32 - 1;

/**
 * Signs a new ticket.
 * @param serial 8 bytes; default: random ones @throws {ConfigError} for terms that a ticket cannot state
 */
export async function issueTicket(
  swarm: KeyPair,
  terms: TicketTerms,
  serial: Uint8Array = crypto.getRandomValues(new Uint8Array(SERIAL_BYTES)),
): Promise<Ticket> {
  const { role, expires, addresses } = checkTerms(terms);
  assert(serial.length === SERIAL_BYTES, "a serial has 8 bytes");
  const sink = new ByteSink(MAX_BYTES);
  sink.u8(ROLES.indexOf(role)).u32(expires).bytes(serial).bytes(swarm.publicKey).u8(addresses.length);
  for (const address of addresses) sink.u8(address.length).bytes(new TextEncoder().encode(address));
  sink.bytes(await swarm.sign(signed(sink.written)));
  return parseTicket(TICKET_PREFIX + toBase64url(sink.written), "issued ticket");
}

/**
 * Reads a ticket and verifies its signature; white space around it is left aside. It may have expired or been revoked, and
 * may be of any swarm: `checkTicket` and the swarm judge that.
 * @param where names the argument in errors @throws {ConfigError} for any other text
 */
export async function parseTicket(text: string, where = "ticket"): Promise<Ticket> {
  const line = text.trim();
  const bytes = ticketBytes(line, where);
  try {
    const ticket = readTicket(bytes, line, where);
    const split = bytes.length - SIGNATURE_BYTES;
    const key = fromBase64url(ticket.swarm);
    assert(key !== undefined, "a swarm's id is base64url");
    if (await verifies(key, signed(bytes.subarray(0, split)), bytes.subarray(split))) return ticket;
  } catch (cause) {
    if (!(cause instanceof CorruptError || cause instanceof ConfigError)) throw cause;
    throw notATicket(where, "one with characters changed or missing", cause);
  }
  throw notATicket(where, "one whose signature is not the swarm's");
}

/**
 * Whether a ticket may be used now.
 * @param now since 1970 @param revoked serials @throws {AdmissionError}
 */
export function checkTicket({ serial, expires }: Ticket, now: Seconds, revoked: ReadonlySet<string>): void {
  const hint = "Ask whoever runs the swarm for a new one.";
  const where = `ticket ${serial}`;
  const expected = "a ticket that holds";
  if (revoked.has(serial)) throw new AdmissionError(where, { expected, got: "one that was revoked", hint });
  if (now >= expires) {
    throw new AdmissionError(where, { expected, got: `one that expired at ${formatDate(expires)}`, hint });
  }
}

/** `2026-03-09T14:05:33Z` */
export const formatDate = (since1970: Seconds): string => new Date(since1970 * 1000).toISOString().replace(".000", "");

/** The terms as a ticket states them: addresses in their usual form, whole seconds. @throws {ConfigError} */
export function checkTerms(terms: TicketTerms): TicketTerms {
  const expires = seconds(Math.floor(terms.expires));
  if (!(expires >= 0 && expires <= MAX_EXPIRES)) {
    throw new ConfigError("ticket", { expected: "an expiry between 1970 and 2106", got: `${terms.expires} s` });
  }
  const count = terms.addresses.length;
  if (count < 1 || count > MAX_ADDRESSES) {
    throw new ConfigError("ticket", { expected: `1 to ${MAX_ADDRESSES} addresses`, got: count });
  }
  const addresses = terms.addresses.map((address) => multiaddrOf(address).toString());
  for (const address of addresses) checkAddress(address);
  return { role: terms.role, expires, addresses };
}

/** @throws {ConfigError} */
function checkAddress(text: string): void {
  const fits = /^[!-~]*$/.test(text) && text.length <= MAX_ADDRESS_BYTES;
  const address = fits ? multiaddrOf(text) : undefined;
  if (address !== undefined && nodeAt(address) !== undefined && address.toString() === text) return;
  throw new ConfigError("ticket", {
    expected: `addresses of at most ${MAX_ADDRESS_BYTES} characters that end in the peer id of the node, /p2p/12D3KooW...`,
    got: text,
  });
}

/** @throws {ConfigError} */
function ticketBytes(line: string, where: string): Uint8Array {
  if (line.length > MAX_TICKET_CHARACTERS) throw notATicket(where, `${line.length} characters`);
  const [, version, body = ""] = /^thinwire(\d)(.*)$/.exec(line) ?? [];
  if (version === undefined) throw notATicket(where, "something else");
  if (version !== "1") {
    throw new ConfigError(where, {
      expected: "a join ticket of version 1",
      got: `version ${version}`,
      hint: "Install the Thinwire that the swarm runs.",
    });
  }
  const bytes = fromBase64url(body);
  if (bytes === undefined) throw notATicket(where, "one with characters changed or missing");
  return bytes;
}

/** @throws {CorruptError} @throws {ConfigError} for an address that is none */
function readTicket(bytes: Uint8Array, text: string, where: string): Ticket {
  const source = new ByteSource(bytes, where);
  const role = ROLES[source.u8()];
  if (role === undefined) throw source.corrupt("a role");
  const expires = seconds(source.u32());
  const serial = Array.from(source.bytes(SERIAL_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const swarm = toBase64url(source.bytes(PUBLIC_KEY_BYTES));
  const count = source.u8();
  if (count < 1 || count > MAX_ADDRESSES) throw source.corrupt(`1 to ${MAX_ADDRESSES} addresses`, count);
  const addresses = Array.from({ length: count }, () => ascii(source, source.u8()));
  source.bytes(SIGNATURE_BYTES);
  source.end();
  for (const address of addresses) checkAddress(address);
  return { swarm, serial, role, expires, addresses, text };
}

function signed(body: Uint8Array): Uint8Array {
  const message = new Uint8Array(DOMAIN.length + body.length);
  message.set(DOMAIN);
  message.set(body, DOMAIN.length);
  return message;
}

const notATicket = (where: string, got: string, cause?: unknown): ConfigError =>
  new ConfigError(where, {
    expected: "a join ticket, the line that begins with thinwire1",
    got,
    hint: "Copy the whole line, or ask for a new ticket.",
    cause,
  });
