/**
 * Signing: what a member says under its own name, so that others can pass it on. The key is that of its libp2p node; the
 * public one stands in its peer id.
 *
 * Membership decides within one step what it does with a message, so nothing here may wait: libp2p and WebCrypto promise
 * their answers, Node gives them at once.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import type { PrivateKey } from "@libp2p/interface";
import { ConfigError } from "../../base/errors.ts";
import { toBase64url } from "./base64url.ts";
import { publicKeyOf, SIGNATURE_BYTES } from "./keys.ts";
import { MEMBERS_MAX } from "./swarm-limits.ts";

export interface Signing {
  /** Ed25519, 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
  /** Whether a node has signed it; false too for what is no node or no signature. */
  verifies(node: string, message: Uint8Array, signature: Uint8Array): boolean;
}

export const DIGEST_BYTES = 32;

/** SHA-256. */
export const digest = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());

/** @throws {ConfigError} for a key other than Ed25519 */
export function signingWith(key: PrivateKey): Signing {
  if (key.type !== "Ed25519") throw new ConfigError("identity", { expected: "an Ed25519 key", got: key.type });
  const secret = createPrivateKey({
    format: "jwk",
    key: { ...jwkOf(key.publicKey.raw), d: toBase64url(key.raw.subarray(0, 32)) },
  });
  const keys = new KnownKeys();
  return {
    sign: (message) => new Uint8Array(sign(null, message, secret)),
    verifies: (node, message, signature) => {
      const known = signature.length === SIGNATURE_BYTES ? keys.of(node) : undefined;
      return known !== undefined && verify(null, message, known, signature);
    },
  };
}

/** Keys as Node wants them: to make one takes half as long as to verify a signature. */
class KnownKeys {
  readonly #keys = new Map<string, KeyObject>();

  of(node: string): KeyObject | undefined {
    const known = this.#keys.get(node);
    if (known !== undefined) return known;
    const raw = publicKeyOf(node);
    if (raw === undefined) return undefined;
    const made = createPublicKey({ format: "jwk", key: jwkOf(raw) });
    if (this.#keys.size >= MEMBERS_MAX) this.#keys.clear();
    this.#keys.set(node, made);
    return made;
  }
}

const jwkOf = (raw: Uint8Array) => ({ kty: "OKP", crv: "Ed25519", x: toBase64url(raw) });
