import assert from "node:assert/strict";
import { test } from "node:test";
import { CorruptError, PeerLost } from "../base/errors.ts";
import type { Peer, Tag } from "../ports/peer.ts";
import { type PeerId, peerId } from "../ports/view.ts";
import { simulate } from "../simulation/simulate.ts";
import { blaming, expelling, ReadingPeer } from "./reading-peer.ts";

const at = (round: number): Tag => ({ kind: "test", round });
const malformed = (): CorruptError => new CorruptError("test", { expected: "sense", got: "noise" });

/** Peers 1 and 2 send one message each to peer 0, which reads them by `read`. @returns whom it expels, and what it throws */
async function blames(read: (peer: Peer) => Promise<void>): Promise<{ expelled: PeerId[]; error: unknown }> {
  const expelled: PeerId[] = [];
  const program = async (peer: Peer): Promise<unknown> => {
    if (peer.id !== 0) return peer.send(peerId(0), at(peer.id), Uint8Array.of(peer.id));
    peer.expel = (id) => expelled.push(id);
    const reading = new ReadingPeer(peer);
    return expelling(reading, () => read(reading)).catch((error: unknown) => error);
  };
  const { results } = await simulate({ view: 3, seed: 1 }, program);
  return { expelled, error: results[0] };
}

test("whoever sent the body that is read when an error is thrown is expelled, and lost to the reader", async () => {
  const { expelled, error } = await blames(async (peer) => {
    peer.recycle(await peer.receive(peerId(2), at(2)));
    await peer.receive(peerId(1), at(1));
    throw malformed();
  });
  assert.deepEqual(expelled, [1]);
  assert.ok(error instanceof PeerLost && error.cause instanceof CorruptError);
});

test("of bodies in hand the last one is read, and of one that was handed back nobody complains any more", async () => {
  const { expelled } = await blames(async (peer) => {
    await peer.receive(peerId(1), at(1));
    peer.recycle(await peer.receive(peerId(2), at(2)));
    throw malformed();
  });
  assert.deepEqual(expelled, [1]);
});

test("where nothing is read, or the error is another, nobody is expelled and the error passes", async () => {
  const nothing = await blames(async (peer) => {
    peer.recycle(await peer.receive(peerId(1), at(1)));
    throw malformed();
  });
  assert.deepEqual(nothing.expelled, []);
  assert.ok(nothing.error instanceof CorruptError);
  const other = await blames(async (peer) => {
    await peer.receive(peerId(1), at(1));
    throw new RangeError("a bug");
  });
  assert.deepEqual([other.expelled, other.error instanceof RangeError], [[], true]);
});

test("readers side by side know each whose mail they read", async () => {
  const { expelled } = await blames(async (peer) => {
    const [one, other] = [new ReadingPeer(peer), new ReadingPeer(peer)];
    const first = one.reading(async () => {
      await one.receive(peerId(1), at(1));
      await other.receive(peerId(2), at(2)); // what the other has received last is not what this one reads
      throw malformed();
    });
    await first;
  });
  assert.deepEqual(expelled, [1]);
});

test("who is blamed outright is expelled, whoever sent what was read last", async () => {
  const { expelled } = await blames(async (peer) => {
    await peer.receive(peerId(1), at(1));
    throw blaming(peerId(2), malformed());
  });
  assert.deepEqual(expelled, [2]);
});
