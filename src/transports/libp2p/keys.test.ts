import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { CorruptError } from "../../base/errors.ts";
import { fromBase64url, toBase64url } from "./base64url.ts";
import { KeyPair, parseKey, publicKeyOf, verifies, writeKey } from "./keys.ts";

const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 });
const pair = await KeyPair.fromSecret(new Uint8Array(32).fill(7));
const said = new TextEncoder().encode("said");

test("base64url is read back, and of all texts only the one that was written", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = toBase64url(bytes);
      assert.equal(text, Buffer.from(bytes).toString("base64url"));
      assert.deepEqual(fromBase64url(text), bytes);
    }),
  );
  for (const text of ["A", "AB", "AAB", "AA==", "A A", "AA+A", "AA/A", "AAAAé", "AA\n"]) {
    assert.equal(fromBase64url(text), undefined, text);
  }
});

test("a key is written and read back, and signs as before", async () => {
  await fc.assert(
    fc.asyncProperty(secrets, fc.constantFrom("swarm", "peer"), async (secret, kind) => {
      const made = await KeyPair.fromSecret(secret);
      const read = await parseKey(writeKey(made, kind), kind, "key");
      assert.equal(read.peerId, made.peerId);
      assert.ok(await verifies(made.publicKey, said, await read.sign(said)));
    }),
    { numRuns: 30 },
  );
});

test("a peer id holds the public key", () => {
  assert.deepEqual(publicKeyOf(pair.peerId), pair.publicKey);
  for (const none of ["", "12D3KooW", "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", "é", "1".repeat(5000)]) {
    assert.equal(publicKeyOf(none), undefined, none);
  }
});

test("a signature of other words, of another key or of another length is refused", async () => {
  const signature = await pair.sign(said);
  const other = await KeyPair.generate();
  assert.ok(await verifies(pair.publicKey, said, signature));
  assert.ok(!(await verifies(pair.publicKey, said.slice(1), signature)));
  assert.ok(!(await verifies(other.publicKey, said, signature)));
  assert.ok(!(await verifies(pair.publicKey, said, signature.slice(1))));
  assert.ok(!(await verifies(new Uint8Array(32).fill(255), said, signature)));
});

test("a pair of keys shows its secret in no print, log or JSON", () => {
  const secret = toBase64url(pair.reveal().raw.slice(0, 32));
  const shown = [inspect(pair, { depth: 9, showHidden: true }), JSON.stringify(pair), String(pair)].join();
  assert.ok(!shown.includes(secret) && !/7,\s*7,\s*7/.test(shown), shown);
});

test("what is no key of the kind is refused in words that keep the secret", async () => {
  const text = writeKey(pair, "swarm");
  const [, , secret = "", publicKey = ""] = text.trim().split(" ");
  const other = await KeyPair.generate();
  const wrong: readonly [string, RegExp][] = [
    ["", /something else/],
    [text.slice(0, -3), /something else/],
    [`${text}\n`, /something else/],
    [text.replace("swarm", "peer"), /the key of a peer/],
    [text.replace(publicKey, other.swarmId), /do not belong together/],
    [text.replace(secret, `${secret.slice(0, -1)}!`), /something else/],
  ];
  for (const [content, why] of wrong) {
    await assert.rejects(parseKey(content, "swarm", "swarm.key"), (error: Error) => {
      assert.ok(error instanceof CorruptError);
      assert.match(error.message, /^swarm\.key: expected the key of a swarm/);
      assert.match(error.message, why);
      assert.ok(!error.message.includes(secret.slice(0, 20)));
      return true;
    });
  }
});
