/**
 * Hello: what a joiner says first. It is signed with the joiner's identity for the one node that it is said to, so nobody
 * else can use it anywhere.
 *
 *     hello = protocol u8 | role u8 | nonce 16 bytes | ticket (length u16, ASCII) | software (length u8, UTF-8)
 *             | count u8 | count × (name (length u8, ASCII), value (length u16, UTF-8)), names rising | signature 64 bytes
 *
 * The signature is Ed25519 over `DOMAIN`, the peer id of the node that it is said to, a line feed and all before the
 * signature. Integers are little-endian.
 */
import { AdmissionError, assert, ConfigError } from "../../base/errors.ts";
import { ByteSink, ByteSource } from "../../coding/bytes.ts";
import { MAX_HELLO_BYTES, ROLES, type Role } from "./admission-port.ts";
import { type KeyPair, publicKeyOf, SIGNATURE_BYTES, verifies } from "./keys.ts";
import { MAX_TICKET_CHARACTERS } from "./ticket.ts";
import { ascii, isPrintable, printable } from "./wire-text.ts";

/** Of all that members say to each other. Peers of different protocols do not train together. */
export const PROTOCOL = 1;

const DOMAIN = "thinwire hello 1\n";
const NONCE_BYTES = 16;
export const MAX_SOFTWARE_BYTES = 64;
export const MAX_PARTS = 32;
export const MAX_PART_NAME_BYTES = 32;
export const MAX_PART_BYTES = 256;

/** What must be the same at all members for a training to make sense, by name: `model` → `mlp:128,64`. */
export type JobParts = ReadonlyMap<string, string>;

export interface Claim {
  /** The line of a join ticket. */
  readonly ticket: string;
  /** What the joiner wants to be. */
  readonly role: Role;
  /** Such as `thinwire 0.2.0`, for the log. */
  readonly software: string;
  /** What the joiner has settled already; whatever is missing it takes from the swarm. */
  readonly job: JobParts;
}

export interface Hello extends Claim {
  /** Hexadecimal. */
  readonly nonce: string;
}

/**
 * A new hello, good for one connection.
 * @param identity the key of the joiner's libp2p node @param to the peer id of the node that it is said to
 * @param nonce 16 bytes; default: random ones
 * @throws {ConfigError} if a text is too long or cannot be printed
 */
export async function writeHello(
  claim: Claim,
  identity: KeyPair,
  to: string,
  nonce: Uint8Array = crypto.getRandomValues(new Uint8Array(NONCE_BYTES)),
): Promise<Uint8Array> {
  assert(nonce.length === NONCE_BYTES, "a nonce has 16 bytes");
  const parts = [...claim.job].sort(([a], [b]) => (a < b ? -1 : 1));
  if (parts.length > MAX_PARTS) {
    throw new ConfigError("hello", { expected: `at most ${MAX_PARTS} parts of a job`, got: parts.length });
  }
  const sink = new ByteSink(MAX_HELLO_BYTES);
  sink.u8(PROTOCOL).u8(ROLES.indexOf(claim.role)).bytes(nonce);
  const ticket = encoded(claim.ticket, "ticket", MAX_TICKET_CHARACTERS);
  const software = encoded(claim.software, "software", MAX_SOFTWARE_BYTES);
  sink.u16(ticket.length).bytes(ticket).u8(software.length).bytes(software).u8(parts.length);
  for (const [name, value] of parts) {
    const [key, text] = [encoded(name, "name of a part", MAX_PART_NAME_BYTES), encoded(value, name, MAX_PART_BYTES)];
    sink.u8(key.length).bytes(key).u16(text.length).bytes(text);
  }
  sink.bytes(await identity.sign(signed(sink.written, to)));
  return sink.written;
}

/**
 * @param from the peer id that libp2p has proved the joiner to have @param to the peer id of this node
 * @throws {CorruptError} for bytes that are no hello
 * @throws {AdmissionError} for one of another protocol, or that was not signed by `from` for `to`
 */
export async function readHello(bytes: Uint8Array, from: string, to: string): Promise<Hello> {
  const source = new ByteSource(bytes, "hello");
  if (bytes.length > MAX_HELLO_BYTES) throw source.corrupt(`at most ${MAX_HELLO_BYTES} bytes`, bytes.length);
  const hello = readFields(source);
  const signature = source.bytes(SIGNATURE_BYTES);
  source.end();
  const key = publicKeyOf(from);
  const said = bytes.subarray(0, bytes.length - SIGNATURE_BYTES);
  if (key !== undefined && (await verifies(key, signed(said, to), signature))) return hello;
  throw new AdmissionError("hello", {
    expected: "one signed by this peer for this node",
    got: "another signature",
    hint: "It cannot be passed on.",
  });
}

/** @throws {CorruptError} @throws {AdmissionError} */
function readFields(source: ByteSource): Hello {
  const protocol = source.u8();
  if (protocol !== PROTOCOL) {
    throw new AdmissionError("hello", {
      expected: `protocol ${PROTOCOL}, which the swarm speaks`,
      got: protocol,
      hint: "Install the Thinwire that the swarm runs.",
    });
  }
  const role = ROLES[source.u8()];
  if (role === undefined) throw source.corrupt("a role");
  const nonce = Array.from(source.bytes(NONCE_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const ticket = ascii(source, atMost(source, source.u16(), MAX_TICKET_CHARACTERS));
  const software = printable(source, atMost(source, source.u8(), MAX_SOFTWARE_BYTES));
  const count = atMost(source, source.u8(), MAX_PARTS);
  const job = new Map<string, string>();
  let last = "";
  for (let i = 0; i < count; i++) {
    const name = ascii(source, atMost(source, source.u8(), MAX_PART_NAME_BYTES));
    if (name <= last) throw source.corrupt("names of parts that rise");
    job.set(name, printable(source, atMost(source, source.u16(), MAX_PART_BYTES)));
    last = name;
  }
  return { role, nonce, ticket, software, job };
}

function atMost(source: ByteSource, length: number, limit: number): number {
  if (length > limit) throw source.corrupt(`a length of at most ${limit}`, length);
  return length;
}

function encoded(text: string, what: string, limit: number): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= limit && isPrintable(text)) return bytes;
  throw new ConfigError(`hello: ${what}`, { expected: `printable text of at most ${limit} bytes`, got: text });
}

function signed(said: Uint8Array, to: string): Uint8Array {
  const bound = new TextEncoder().encode(`${DOMAIN}${to}\n`);
  const message = new Uint8Array(bound.length + said.length);
  message.set(bound);
  message.set(said, bound.length);
  return message;
}
