/**
 * Noise whose cipher keeps what Node's crypto makes of a key. libp2p hands it the bytes of the key with each message, and
 * making a key of them takes as long as encrypting 64 KiB.
 */
import { noise } from "@libp2p/noise";

/** Undefined where this is not Node: libp2p's own cipher serves there. */
const node = globalThis.process?.getBuiltinModule?.("node:crypto");
type NodeCrypto = NonNullable<typeof node>;
type KeyObject = ReturnType<NodeCrypto["createSecretKey"]>;

/** Bytes in one piece or in several; all of them, joined. */
interface Pieces {
  readonly byteLength: number;
  subarray(): Uint8Array;
}

type Cipher = (text: Pieces, nonce: Uint8Array, associated: Uint8Array, key: Uint8Array, into?: Uint8Array) => Pieces;

/** What Noise has beside its interface. */
interface Ciphering {
  crypto: { readonly encrypt: Cipher; readonly decrypt: Cipher };
}

type Noise = ReturnType<typeof noise>;

/** Below it libp2p's own, in WebAssembly, is faster. */
const NATIVE_BYTES_MIN = 1024;

const ALGORITHM = "chacha20-poly1305";
const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES };

/** Noise, for connections that carry much. */
export const nativeNoise = (): Noise => (components) => {
  const made: ReturnType<Noise> & Partial<Ciphering> = noise()(components);
  const own = made.crypto;
  if (own === undefined || node === undefined) return made;
  const { createCipheriv, createDecipheriv, createSecretKey } = node;
  const keys = new WeakMap<Uint8Array, KeyObject>();
  const keyOf = (key: Uint8Array): KeyObject => {
    const known = keys.get(key) ?? createSecretKey(key);
    keys.set(key, known);
    return known;
  };
  made.crypto = {
    ...own,
    encrypt(text, nonce, associated, key) {
      if (text.byteLength < NATIVE_BYTES_MIN) return own.encrypt(text, nonce, associated, key);
      const cipher = createCipheriv(ALGORITHM, keyOf(key), nonce, OPTIONS);
      cipher.setAAD(associated, { plaintextLength: text.byteLength });
      const sealed = cipher.update(text.subarray());
      cipher.final();
      return joined(sealed, cipher.getAuthTag());
    },
    decrypt(text, nonce, associated, key, into) {
      if (text.byteLength < NATIVE_BYTES_MIN) return own.decrypt(text, nonce, associated, key, into);
      const sealed = text.subarray();
      const decipher = createDecipheriv(ALGORITHM, keyOf(key), nonce, OPTIONS);
      decipher.setAAD(associated, { plaintextLength: sealed.length - TAG_BYTES });
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      const opened = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
      decipher.final();
      return opened;
    },
  };
  return made;
};

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
