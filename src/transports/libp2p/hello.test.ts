import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AdmissionError, ConfigError, CorruptError } from "../../base/errors.ts";
import { MAX_HELLO_BYTES, ROLES } from "./admission-port.ts";
import { type Claim, MAX_PARTS, PROTOCOL, readHello, writeHello } from "./hello.ts";
import { KeyPair } from "./keys.ts";
import { isPrintable } from "./wire-text.ts";

const joiner = await KeyPair.fromSecret(new Uint8Array(32).fill(3));
const node = (await KeyPair.fromSecret(new Uint8Array(32).fill(4))).peerId;
const claim: Claim = {
  ticket: "thinwire1abc",
  role: "train",
  software: "thinwire 0.1.0",
  job: new Map([["model", "x"]]),
};

const printables = fc.string({ unit: "grapheme", maxLength: 12 }).filter(isPrintable);
const claims: fc.Arbitrary<Claim> = fc.record(
  {
    ticket: fc.base64String({ maxLength: 500 }),
    role: fc.constantFrom(...ROLES),
    software: printables,
    job: fc
      .array(fc.tuple(fc.stringMatching(/^[!-~]{1,32}$/), printables), { maxLength: MAX_PARTS })
      .map((parts) => new Map(parts)),
  },
  { noNullPrototype: true },
);

test("a hello says what was claimed, with a nonce of its own", async () => {
  await fc.assert(
    fc.asyncProperty(claims, async (claimed) => {
      const bytes = await writeHello(claimed, joiner, node);
      assert.ok(bytes.length <= MAX_HELLO_BYTES);
      const { nonce, ...said } = await readHello(bytes, joiner.peerId, node);
      const job = new Map([...claimed.job].sort(([a], [b]) => (a < b ? -1 : 1)));
      assert.deepEqual(said, { ...claimed, job });
      const again = await readHello(await writeHello(claimed, joiner, node), joiner.peerId, node);
      assert.notEqual(again.nonce, nonce);
    }),
    { numRuns: 50 },
  );
});

test("every change of one bit is refused", async () => {
  const bytes = await writeHello(claim, joiner, node);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    await assert.rejects(
      readHello(changed, joiner.peerId, node),
      (error) => error instanceof CorruptError || error instanceof AdmissionError,
      `bit ${bit}`,
    );
  }
});

test("a hello is worth nothing from another peer, or to another node", async () => {
  const bytes = await writeHello(claim, joiner, node);
  const thief = await KeyPair.generate();
  const stolen = (error: Error) => error instanceof AdmissionError && /cannot be passed on/.test(error.message);
  await assert.rejects(readHello(bytes, thief.peerId, node), stolen);
  await assert.rejects(readHello(bytes, joiner.peerId, thief.peerId), stolen);
  await assert.rejects(readHello(bytes, "no peer id", node), stolen);
});

test("a peer of another protocol is told which one the swarm speaks", async () => {
  const bytes = await writeHello(claim, joiner, node);
  bytes[0] = PROTOCOL + 1;
  await assert.rejects(
    readHello(bytes, joiner.peerId, node),
    (error: Error) => error instanceof AdmissionError && /protocol 1.*got 2\. Install the Thinwire/.test(error.message),
  );
});

test("text that could disturb a screen or a log is refused at both ends", async () => {
  for (const software of ["a\nb", "\u001b[2J", "a\u202eb", "\u2028", "\ud800", "x".repeat(65)]) {
    await assert.rejects(writeHello({ ...claim, software }, joiner, node), ConfigError, JSON.stringify(software));
  }
  const bytes = await writeHello({ ...claim, software: "QQ" }, joiner, node);
  const at = Buffer.from(bytes).indexOf("QQ");
  for (const hostile of [
    [0x1b, 0x5b],
    [0x0a, 0x41],
    [0xc2, 0x85],
    [0xff, 0xfe],
    [0xc0, 0x80],
  ]) {
    bytes.set(hostile, at);
    await assert.rejects(readHello(bytes, joiner.peerId, node), CorruptError, String(hostile));
  }
});

test("a hello over its size is refused unread", async () => {
  await assert.rejects(
    readHello(new Uint8Array(MAX_HELLO_BYTES + 1).fill(PROTOCOL), joiner.peerId, node),
    /at most 16384 bytes, got 16385/,
  );
});
