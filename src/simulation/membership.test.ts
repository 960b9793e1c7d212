import assert from "node:assert/strict";
import { test } from "node:test";
import { DeadlineError, PeerLost } from "../base/errors.ts";
import { bitsPerSecond, type Seconds, seconds } from "../base/units.ts";
import type { Peer, Tag } from "../ports/peer.ts";
import { peerId } from "../ports/view.ts";
import { type SimulationOptions, simulate } from "./simulate.ts";

const at = (round: number): Tag => ({ kind: "test", round });
const [zero, one, two] = [peerId(0), peerId(1), peerId(2)] as const;
const far = { up: bitsPerSecond(1e9), down: bitsPerSecond(1e9), latency: seconds(10) };
const wait = (peer: Peer, until: Seconds) =>
  peer.work("wait", seconds(until - peer.clock.now()), () => {}) as Promise<void>;

/** Three peers, of whom the last crashes after a second. */
const three = (more: Partial<SimulationOptions> = {}): SimulationOptions => ({
  view: 3,
  seed: 1,
  link: far,
  crashes: [{ peer: two, at: seconds(1) }],
  ...more,
});

test("a peer that went on is lost to those in the old view only once its mail there has been claimed", async () => {
  const { results } = await simulate(three(), async (peer) => {
    if (peer.id === two) return wait(peer, seconds(2));
    if (peer.id === zero) {
      await peer.send(one, at(0), Uint8Array.of(7));
      await peer.nextView();
      await wait(peer, seconds(30));
      return undefined;
    }
    await wait(peer, seconds(2)); // by then peer 0 is in the new view, and its message is on its way
    const body = await peer.receive(zero, at(0));
    const error = await peer.receive(zero, at(1)).catch((reason: unknown) => reason);
    return { body: [...body], when: Math.round(peer.clock.now()), lost: error instanceof PeerLost };
  });
  assert.deepEqual(results[1], { body: [7], when: 10, lost: true });
});

test("a peer is outdated from the moment that there is another view until it enters it", async () => {
  const { results } = await simulate(three({ detection: seconds(3) }), async (peer) => {
    const seen: boolean[] = [];
    for (const time of [2, 5]) {
      await wait(peer, seconds(time));
      seen.push(peer.outdated);
    }
    const { epoch, members } = await peer.nextView();
    return { seen, epoch, members, after: peer.outdated };
  });
  const expected = { seen: [false, true], epoch: 1, members: [0, 1], after: false };
  assert.deepEqual(results, [expected, expected]);
});

test("that a program has ended makes no new view until somebody asks for one", async () => {
  const { results } = await simulate({ view: 3, seed: 1 }, async (peer) => {
    if (peer.id === two) return undefined;
    await wait(peer, seconds(1));
    const before = peer.outdated;
    if (peer.id === one) return { before, after: await wait(peer, seconds(2)).then(() => peer.outdated) };
    await wait(peer, seconds(1.5));
    return { before, members: (await peer.nextView()).members };
  });
  assert.deepEqual(results.slice(0, 2), [
    { before: false, members: [0, 1] },
    { before: false, after: true },
  ]);
});

test("a program that has ended is in no view that comes later, whatever that comes of", async () => {
  const crashes = [{ peer: one, at: seconds(5), back: seconds(6) }];
  const { results } = await simulate({ view: 3, seed: 1, crashes }, async (peer) => {
    if (peer.id === two) return undefined;
    if (peer.id === one) return wait(peer, seconds(20));
    const views = [(await peer.nextView()).members, (await peer.nextView()).members];
    await wait(peer, seconds(30));
    return views;
  });
  assert.deepEqual(results[0], [[0, 1], [0]]);
});

test("a copy of a message that was doubled belongs to the view in which the message was sent", async () => {
  const { results } = await simulate(three({ mangle: () => "duplicate" }), async (peer) => {
    if (peer.id === two) return wait(peer, seconds(2));
    if (peer.id === zero) await peer.send(one, at(0), Uint8Array.of(7));
    await peer.nextView();
    if (peer.id === zero) return wait(peer, seconds(60));
    return peer.receive(zero, at(0), { deadline: seconds(40) }).catch((error: unknown) => error);
  });
  assert.ok(results[1] instanceof DeadlineError, String(results[1]));
});

test("a program that ended while a new view was made is lost to those who enter that view later", async () => {
  const crashes = [{ peer: two, at: seconds(5) }];
  const { results } = await simulate(three({ crashes }), async (peer) => {
    if (peer.id === two) return wait(peer, seconds(20));
    if (peer.id === zero) return peer.send(one, at(0), Uint8Array.of(7)); // on its way until 10 s
    await wait(peer, seconds(12));
    const { members } = await peer.nextView();
    const error = await peer.receive(zero, at(1)).catch((reason: unknown) => reason);
    return { members, lost: error instanceof PeerLost };
  });
  assert.deepEqual(results[1], { members: [0, 1], lost: true });
});
