import assert from "node:assert/strict";
import { test } from "node:test";
import { generateKeyPair } from "@libp2p/crypto/keys";
import fc from "fast-check";
import { ConfigError } from "../../base/errors.ts";
import { KeyPair } from "./keys.ts";
import { signingWith } from "./signing.ts";

const key = (n: number): Promise<KeyPair> => KeyPair.fromSecret(new Uint8Array(32).fill(n));
const [one, other] = await Promise.all([key(1), key(2)]);
const [mine, theirs] = [signingWith(one.reveal()), signingWith(other.reveal())];

test("what a node signs is its own: no other node's, no other message's, with no bit changed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 511 }), (message, bit) => {
      const signature = mine.sign(message);
      assert.ok(theirs.verifies(one.peerId, message, signature));
      assert.ok(!mine.verifies(other.peerId, message, signature));
      assert.ok(!theirs.verifies(one.peerId, Uint8Array.of(...message, 0), signature));
      const changed = signature.with(bit >> 3, signature[bit >> 3]! ^ (1 << (bit & 7)));
      assert.ok(!theirs.verifies(one.peerId, message, changed));
    }),
  );
});

test("it is the signature that libp2p makes and takes", async () => {
  const message = Uint8Array.of(1, 2, 3);
  assert.deepEqual(mine.sign(message), await one.sign(message));
});

test("what is no node and what is no signature verifies nothing", () => {
  const signature = mine.sign(new Uint8Array(3));
  for (const node of ["", "node 1", "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"])
    assert.ok(!mine.verifies(node, new Uint8Array(3), signature), node);
  for (const length of [0, 63, 65]) assert.ok(!mine.verifies(one.peerId, new Uint8Array(3), new Uint8Array(length)));
});

test("a node with a key of another kind is refused at once", async () => {
  const secp256k1 = await generateKeyPair("secp256k1");
  assert.throws(() => signingWith(secp256k1), ConfigError);
});
