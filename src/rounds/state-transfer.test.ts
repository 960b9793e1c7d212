import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError, PeerLost, ThinwireError } from "../base/errors.ts";
import type { NamedVectors } from "../base/state.ts";
import { bitsPerSecond, bytes, seconds } from "../base/units.ts";
import { ByteSink } from "../coding/bytes.ts";
import { peerId } from "../ports/view.ts";
import { simulate } from "../simulation/simulate.ts";
import { receiveState, sendState } from "./state-transfer.ts";

/** Entries that a taker allows for. */
const MOST = 2 ** 22;

const [giver, taker, other] = [peerId(0), peerId(1), peerId(2)] as const;

/** What two members get of a third one's state. */
async function handed(state: NamedVectors): Promise<readonly (NamedVectors | undefined)[]> {
  const { results } = await simulate({ view: 3, seed: 1 }, async (peer) => {
    if (peer.id !== giver) return receiveState(peer, giver, MOST);
    await sendState(peer, [taker, other], state);
    return undefined;
  });
  return results.slice(1);
}

/** What becomes of bytes that claim to be a state. */
async function taken(pieces: readonly Uint8Array[]): Promise<unknown> {
  const { results } = await simulate({ view: 2, seed: 1 }, async (peer) => {
    if (peer.id === taker) return receiveState(peer, giver, MOST).catch((error: unknown) => error);
    for (const [part, piece] of pieces.entries()) await peer.send(taker, { kind: "state", round: 0, part }, piece);
    return undefined;
  });
  return results[1];
}

const vectors = fc.float({ noNaN: true, noDefaultInfinity: true }).map(Math.fround);
const states = fc
  .uniqueArray(fc.tuple(fc.string(), fc.array(vectors, { maxLength: 9 })), { selector: ([name]) => name, maxLength: 6 })
  .map((entries) => new Map(entries.map(([name, values]) => [name, Float32Array.from(values)])));

test("every receiver gets each vector under its name, bit for bit", () =>
  fc.assert(
    fc.asyncProperty(states, async (state) => {
      for (const copy of await handed(state)) assert.deepEqual(copy, state);
    }),
    { numRuns: 60 },
  ));

test("a vector longer than a piece arrives whole", async () => {
  const long = Float32Array.from({ length: 2 ** 20 + 3 }, (_, i) => i);
  for (const copy of await handed(
    new Map([
      ["params", long],
      ["rest", Float32Array.of(7)],
    ]),
  )) {
    assert.deepEqual(copy?.get("params"), long);
    assert.deepEqual(copy?.get("rest"), Float32Array.of(7));
  }
});

test("any bytes are a state or a typed error", () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 4 }), async (pieces) => {
      const came = await taken(pieces);
      assert.ok(came instanceof Map || came instanceof ThinwireError, String(came));
    }),
    { numRuns: 300 },
  ));

const head = (...entries: readonly (readonly [string, number])[]): Uint8Array => {
  const sink = new ByteSink(1000).varint(entries.length);
  for (const [name, length] of entries) {
    const text = new TextEncoder().encode(name);
    sink.varint(text.length).bytes(text).u32(length);
  }
  return sink.written.slice();
};

test("a state that announces too much, or a name twice, is refused before anything is allocated", async () => {
  for (const announced of [
    head(["x", 2 ** 32 - 1]),
    head(["x", 1], ["x", 1]),
    new ByteSink(5).varint(2 ** 27).written,
  ]) {
    assert.ok((await taken([announced.slice()])) instanceof CorruptError);
  }
});

test("a state that is not finite is refused", async () => {
  const values = new Uint8Array(Float32Array.of(1, Number.NaN).buffer);
  assert.ok((await taken([head(["x", 2]), values])) instanceof CorruptError);
});

test("whoever waits for the rest of a state from a member that is lost is told", async () => {
  const slow = bitsPerSecond(1e6);
  const link = { up: slow, down: slow, latency: seconds(0) };
  const crashes = [{ peer: giver, at: seconds(1) }];
  const state = new Map([["params", new Float32Array(2 ** 20)]]);
  const { results } = await simulate({ view: 2, seed: 1, link, crashes, queueLimit: bytes(1000) }, async (peer) => {
    if (peer.id === taker) return receiveState(peer, giver, MOST).catch((error: unknown) => error);
    return sendState(peer, [taker], state);
  });
  assert.ok(results[0] instanceof PeerLost, String(results[0]));
});
