import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bitsPerSecond, megabitsPerSecond, milliseconds, seconds } from "../base/units.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import type { Peer } from "../ports/peer.ts";
import { type PeerId, peerId } from "../ports/view.ts";
import { type Link, symmetric, unlimited } from "../simulation/link.ts";
import { simulate } from "../simulation/simulate.ts";
import { CriticalPath, type Stretch } from "./critical-path.ts";

const SIZE = 976;
const body = new Uint8Array(SIZE);
/** 8 ms a message. */
const slow = symmetric(bitsPerSecond(8 * (SIZE + FRAME_BYTES) * 125), milliseconds(30));

/** The path from the end of a run of `peers` programs back to its beginning. */
async function pathOf(peers: number, link: (id: PeerId) => Link, program: (peer: Peer) => Promise<void>) {
  const path = new CriticalPath(link);
  let end = { peer: peerId(0), time: 0 };
  await simulate({ view: peers, seed: 1, link, trace: path.trace }, async (peer) => {
    await program(peer);
    const time = peer.clock.now();
    if (time > end.time) end = { peer: peer.id, time };
  });
  return { end: end.time, stretches: path.between(end.peer, 0, end.time) };
}

const secondsOf = (stretches: readonly Stretch[], what: Stretch["what"], peer?: number): number =>
  stretches
    .filter((one) => one.what === what && (peer === undefined || one.peer === peer))
    .reduce((sum, one) => sum + one.seconds, 0);

const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9, `${a} and ${b}`);

/** Work, all send to peer 0, which sends to all. */
async function server(peer: Peer): Promise<void> {
  const others = peer.view.members.slice(1);
  await peer.work("gradient", milliseconds(5), () => {});
  if (peer.id === 0) {
    for (const other of others) await peer.receive(other, { kind: "up", round: 0 });
    await peer.send(others, { kind: "down", round: 0 }, body);
  } else {
    await peer.send(peerId(0), { kind: "up", round: 0 }, body);
    await peer.receive(peerId(0), { kind: "down", round: 0 });
  }
}

test("with a server: the work, two ways, one message up, the others through its ports both ways", async () => {
  const { end, stretches } = await pathOf(4, () => slow, server);
  near(end, 0.005 + 2 * 0.03 + 6 * 0.008);
  near(secondsOf(stretches, "work"), 0.005);
  near(secondsOf(stretches, "way"), 0.06);
  near(secondsOf(stretches, "up", 0), 0.024);
  near(secondsOf(stretches, "up") + secondsOf(stretches, "down"), 0.048);
});

test("one slow up link is named, and what waits for it is not", async () => {
  const link = (id: PeerId): Link => (id === 2 ? { ...slow, up: bitsPerSecond(slow.up / 10) } : slow);
  const { stretches } = await pathOf(4, link, server);
  near(secondsOf(stretches, "up", 2), 0.08);
  assert.equal(secondsOf(stretches, "up", 1) + secondsOf(stretches, "up", 3), 0);
});

test("a slow down link is named", async () => {
  const link = (id: PeerId): Link => (id === 3 ? { ...slow, down: bitsPerSecond(slow.down / 10) } : slow);
  const { stretches } = await pathOf(4, link, server);
  near(secondsOf(stretches, "down", 3), 0.08);
});

test("work that the others wait for is that of the slowest", async () => {
  const { stretches } = await pathOf(
    3,
    () => unlimited,
    async (peer) => {
      await peer.work("gradient", milliseconds(peer.id === 1 ? 50 : 5), () => {});
      await server(peer);
    },
  );
  assert.deepEqual(stretches.map(({ what, peer, label }) => [what, peer, label]).at(-1), ["work", 1, "gradient"]);
  near(secondsOf(stretches, "work"), 0.055);
});

const links = fc.record({
  up: fc.integer({ min: 1, max: 50 }),
  down: fc.integer({ min: 1, max: 50 }),
  latency: fc.nat(40),
});

test("whatever peers send each other, the stretches come to the time that is asked for, none below 0", async () => {
  const exchange = fc.record({
    size: fc.nat(20_000),
    work: fc.nat(20),
    to: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(links, { minLength: 4, maxLength: 4 }),
      fc.array(fc.array(exchange, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (given, rounds, share) => {
        const link = (id: PeerId): Link => ({
          up: megabitsPerSecond(given[id]!.up),
          down: megabitsPerSecond(given[id]!.down),
          latency: milliseconds(given[id]!.latency),
        });
        const path = new CriticalPath(link);
        const ends = new Map<PeerId, number>();
        await simulate({ view: 4, seed: 1, link, trace: path.trace }, async (peer) => {
          for (const [round, plans] of rounds.entries()) {
            const { size, work, to } = plans[peer.id]!;
            await peer.work("gradient", milliseconds(work), () => {});
            const receivers = peer.view.members.filter((id) => id !== peer.id && to.includes(id));
            if (receivers.length > 0) await peer.send(receivers, { kind: "test", round }, new Uint8Array(size));
            for (const from of peer.view.members) {
              if (from !== peer.id && plans[from]!.to.includes(peer.id))
                await peer.receive(from, { kind: "test", round });
            }
          }
          ends.set(peer.id, peer.clock.now());
        });
        for (const [peer, end] of ends) {
          const from = seconds(share * end);
          const stretches = path.between(peer, from, end);
          assert.ok(stretches.every((one) => one.seconds > 0));
          const sum = stretches.reduce((total, one) => total + one.seconds, 0);
          assert.ok(Math.abs(sum - (end - from)) < 1e-9, `${sum} of ${end - from}`);
        }
      },
    ),
    { numRuns: 60 },
  );
});
