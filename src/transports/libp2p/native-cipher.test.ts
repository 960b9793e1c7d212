import assert from "node:assert/strict";
import { test } from "node:test";
import { noise } from "@libp2p/noise";
import fc from "fast-check";
import { nativeNoise } from "./native-cipher.ts";

type Joined = { subarray(): Uint8Array };
type Cipher = (text: Uint8Array, nonce: Uint8Array, associated: Uint8Array, key: Uint8Array) => Joined;
interface Ciphering {
  readonly crypto: { readonly encrypt: Cipher; readonly decrypt: Cipher };
}

/** What making a Noise looks at. */
const components = { logger: { forComponent: () => () => {} } } as unknown as Parameters<ReturnType<typeof noise>>[0];
const cryptoOf = (made: unknown): Ciphering["crypto"] => (made as Ciphering).crypto; // beside libp2p's interface
const native = cryptoOf(nativeNoise()(components));
const own = cryptoOf(noise()(components));

const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Below and above the size from which the cipher is Node's. */
const texts = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 1000, maxLength: 1300 }));

test("messages are those of libp2p's own cipher, bit for bit, and are read by either", () => {
  fc.assert(
    fc.property(texts, exactly(12), exactly(32), fc.uint8Array({ maxLength: 40 }), (text, nonce, key, associated) => {
      const sealed = Uint8Array.from(native.encrypt(text, nonce, associated, key).subarray());
      assert.deepEqual(sealed, Uint8Array.from(own.encrypt(text, nonce, associated, key).subarray()));
      for (const { decrypt } of [native, own]) {
        assert.deepEqual(Uint8Array.from(decrypt(sealed.slice(), nonce, associated, key).subarray()), text);
      }
    }),
  );
});

test("a message with a bit turned is refused", () => {
  fc.assert(
    fc.property(texts, exactly(12), exactly(32), fc.nat(), (text, nonce, key, at) => {
      const sealed = Uint8Array.from(native.encrypt(text, nonce, new Uint8Array(0), key).subarray());
      sealed[at % sealed.length]! ^= 1 << (at % 8);
      assert.throws(() => native.decrypt(sealed, nonce, new Uint8Array(0), key));
    }),
  );
});
