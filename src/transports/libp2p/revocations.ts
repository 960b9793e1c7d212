/**
 * Revocations: the list of tickets that hold no more, signed with the swarm's key, so that any member can pass it on and none
 * can make one up. Whoever has the swarm's folder signs; from then on the list travels from member to member and with each
 * welcome, and all refuse what it names, whether the signer is there or not.
 *
 *     list = signed at u32, seconds since 1970 | count u16 | count × serial 8 bytes | signature 64 bytes
 *
 * The signature is Ed25519 over `DOMAIN` and all before it. Integers are little-endian.
 */
import { assert } from "../../base/errors.ts";
import type { Seconds } from "../../base/units.ts";
import { ByteSink, ByteSource } from "../../coding/bytes.ts";
import { fromBase64url } from "./base64url.ts";
import { type KeyPair, SIGNATURE_BYTES, verifies } from "./keys.ts";
import { REVOKED_MAX, REVOKED_REMEMBERED_MAX } from "./swarm-limits.ts";

const DOMAIN: Uint8Array = new TextEncoder().encode("thinwire revocations 1\n");
const SERIAL_BYTES = 8;
const HEAD_BYTES = 6;
export const REVOCATIONS_BYTES_MAX: number = HEAD_BYTES + SERIAL_BYTES * REVOKED_MAX + SIGNATURE_BYTES;

/**
 * Signs a list; of too many serials the last ones.
 * @param serials 16 hexadecimal digits each @param at since 1970: of two lists the later one is passed on
 */
export async function signRevocations(swarm: KeyPair, serials: Iterable<string>, at: Seconds): Promise<Uint8Array> {
  const named = [...serials].slice(-REVOKED_MAX);
  const sink = new ByteSink(REVOCATIONS_BYTES_MAX).u32(Math.floor(at)).u16(named.length);
  for (const serial of named) {
    assert(/^[0-9a-f]{16}$/.test(serial), "a serial has 16 hexadecimal digits");
    sink.bytes(
      Uint8Array.from({ length: SERIAL_BYTES }, (_, i) => Number.parseInt(serial.slice(2 * i, 2 * i + 2), 16)),
    );
  }
  return sink.bytes(await swarm.sign(signed(sink.written))).written.slice();
}

interface List {
  readonly at: number;
  readonly serials: readonly string[];
}

/** @throws {CorruptError} */
function readList(bytes: Uint8Array): List {
  const source = new ByteSource(bytes, "revocations");
  const at = source.u32();
  const count = source.u16();
  if (count > REVOKED_MAX) throw source.corrupt(`at most ${REVOKED_MAX} serials`, count);
  const serials = Array.from({ length: count }, () =>
    Array.from(source.bytes(SERIAL_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join(""),
  );
  source.bytes(SIGNATURE_BYTES);
  source.end();
  return { at, serials };
}

/** What one node knows of revoked tickets. What was revoked stays so, whatever later lists leave out. */
export class Revocations {
  readonly #key: Uint8Array | undefined;
  readonly #serials = new Set<string>();
  readonly #listeners: (() => void)[] = [];
  #newest: (List & { readonly bytes: Uint8Array }) | undefined;

  /** @param swarm its public key, as tickets write it */
  constructor(swarm: string) {
    this.#key = fromBase64url(swarm);
  }

  get serials(): ReadonlySet<string> {
    return this.#serials;
  }

  /** When that list was signed, since 1970; −1 if there is none. */
  get at(): number {
    return this.#newest?.at ?? -1;
  }

  /** The list to pass on; empty if there is none. */
  get list(): Uint8Array {
    return this.#newest?.bytes ?? NOTHING;
  }

  /**
   * What to sign, so that the newest list names a book's tickets.
   * @param book serials, those that matter most last; a list holds only so many @returns undefined if it names them
   */
  listFor(book: readonly string[]): readonly string[] | undefined {
    const listed = new Set(this.#newest?.serials);
    if (book.slice(-REVOKED_MAX).every((serial) => listed.has(serial))) return undefined;
    const inBook = new Set(book);
    return [...[...this.#serials].filter((serial) => !inBook.has(serial)), ...book];
  }

  /** Called after a list that says something new. */
  onNews(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes a list from whoever it comes.
   * @returns whether its signature is the swarm's @throws {CorruptError}
   */
  async take(bytes: Uint8Array): Promise<boolean> {
    if (bytes.length === 0) return true;
    const { at, serials } = readList(bytes);
    if (at <= this.at && serials.every((serial) => this.#serials.has(serial))) return true;
    const split = bytes.length - SIGNATURE_BYTES;
    const isSwarms =
      this.#key !== undefined && (await verifies(this.#key, signed(bytes.subarray(0, split)), bytes.subarray(split)));
    if (isSwarms) this.#learn(at, serials, bytes);
    return isSwarms;
  }

  #learn(at: number, serials: readonly string[], bytes: Uint8Array): void {
    const before = this.#serials.size;
    for (const serial of serials) this.#serials.add(serial);
    for (const oldest of this.#serials) {
      if (this.#serials.size <= REVOKED_REMEMBERED_MAX) break;
      this.#serials.delete(oldest);
    }
    const newer = at > this.at;
    if (newer) this.#newest = { at, serials, bytes: bytes.slice() };
    if (newer || this.#serials.size > before) for (const listener of this.#listeners) listener();
  }
}

const NOTHING = new Uint8Array(0);

function signed(body: Uint8Array): Uint8Array {
  const message = new Uint8Array(DOMAIN.length + body.length);
  message.set(DOMAIN);
  message.set(body, DOMAIN.length);
  return message;
}
