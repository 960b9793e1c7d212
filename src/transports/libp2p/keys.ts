/**
 * Ed25519 keys: the swarm's, which signs join tickets, and a peer's own, which is its identity in libp2p.
 */
import { generateKeyPair, generateKeyPairFromSeed, publicKeyFromRaw } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey, PrivateKey } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { CorruptError } from "../../base/errors.ts";
import { fromBase64url, toBase64url } from "./base64url.ts";

export const SIGNATURE_BYTES = 64;
export const PUBLIC_KEY_BYTES = 32;
const SECRET_BYTES = 32;

/** A secret key with its public one. It prints, logs and serialises as nothing: the secret leaves only when asked for. */
export class KeyPair {
  readonly #key: Ed25519PrivateKey;

  private constructor(key: Ed25519PrivateKey) {
    this.#key = key;
  }

  static async generate(): Promise<KeyPair> {
    return new KeyPair(await generateKeyPair("Ed25519"));
  }

  /** @param secret 32 bytes, the seed of RFC 8032 */
  static async fromSecret(secret: Uint8Array): Promise<KeyPair> {
    return new KeyPair(await generateKeyPairFromSeed("Ed25519", secret));
  }

  get publicKey(): Uint8Array {
    return this.#key.publicKey.raw.slice();
  }

  /** The public key as libp2p writes it, `12D3KooW…`. */
  get peerId(): string {
    return this.#key.publicKey.toString();
  }

  /** The public key as a ticket writes it. */
  get swarmId(): string {
    return toBase64url(this.#key.publicKey.raw);
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await this.#key.sign(message)); // a Buffer in Node
  }

  /** For libp2p, which needs it whole. Secret. */
  reveal(): PrivateKey {
    return this.#key;
  }
}

/** Whether the signature is this public key's; false too for what is no key or no signature. */
export async function verifies(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    return await publicKeyFromRaw(publicKey.slice()).verify(message, signature.slice());
  } catch {
    return false; // bytes that are no point of the curve
  }
}

/** The public key within a peer id; undefined for text that is none, and for keys other than Ed25519. */
export function publicKeyOf(peerId: string): Uint8Array | undefined {
  try {
    const id = peerIdFromString(peerId);
    return id.type === "Ed25519" ? id.publicKey.raw : undefined;
  } catch {
    return undefined;
  }
}

/** Which key a file holds, so that one is never taken for the other. */
export type KeyKind = "swarm" | "peer";

/** One line: `thinwire-key1 KIND SECRET PUBLIC`. Secret. */
export function writeKey(pair: KeyPair, kind: KeyKind): string {
  const secret = pair.reveal().raw.slice(0, SECRET_BYTES);
  return `thinwire-key1 ${kind} ${toBase64url(secret)} ${toBase64url(pair.publicKey)}\n`;
}

export const MAX_KEY_FILE_BYTES = 256;

/**
 * The inverse of `writeKey`. Errors say nothing of what the text holds.
 * @param where names the file @throws {CorruptError}
 */
export async function parseKey(text: string, kind: KeyKind, where: string): Promise<KeyPair> {
  const [, found, secret = "", publicKey] = /^thinwire-key1 (swarm|peer) ([\w-]{43}) ([\w-]{43})\n?$/.exec(text) ?? [];
  const seed = fromBase64url(secret);
  if (found === undefined || seed?.length !== SECRET_BYTES) throw notAKey(kind, where, "something else");
  if (found !== kind) throw notAKey(kind, where, `the key of a ${found}`);
  const pair = await KeyPair.fromSecret(seed);
  if (pair.swarmId !== publicKey) throw notAKey(kind, where, "a secret and a public key that do not belong together");
  return pair;
}

const notAKey = (kind: KeyKind, where: string, got: string): CorruptError =>
  new CorruptError(where, {
    expected: `the key of a ${kind}, as Thinwire wrote it`,
    got,
    hint: "Bring back a copy of the file; without one, move it away and a new key is made.",
  });
