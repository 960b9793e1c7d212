import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { megabitsPerSecond, milliseconds } from "../../base/units.ts";
import { FRAME_BYTES } from "../../coding/frame.ts";
import { peerId } from "../../ports/view.ts";
import { symmetric } from "../../simulation/link.ts";
import { simulate } from "../../simulation/simulate.ts";
import { type Sendings, TimedPeer } from "./timed-peer.ts";

const link = symmetric(megabitsPerSecond(8), milliseconds(20)); // a byte a microsecond
const sendings = fc.array(fc.tuple(fc.nat(5000), fc.nat(8), fc.constantFrom("up", "down")), {
  minLength: 1,
  maxLength: 12,
});

test("the port is busy for as long as the bytes take, however sendings follow each other", async () => {
  await fc.assert(
    fc.asyncProperty(sendings, async (plans) => {
      let seen: Sendings | undefined;
      await simulate({ view: 3, seed: 1, link }, async (peer) => {
        const others = peer.view.members.slice(1);
        if (peer.id !== 0) {
          for (const round of plans.keys()) await peer.receive(peerId(0), { kind: plans[round]![2] as "up", round });
          return;
        }
        const timed = new TimedPeer(peer);
        for (const [round, [size, pause, kind]] of plans.entries()) {
          await timed.work("gradient", milliseconds(pause), () => {});
          await timed.send(others, { kind: kind as "up", round }, [new Uint8Array(size), new Uint8Array(1)]);
        }
        await peer.flushed?.();
        seen = timed.take();
      });
      const of = (wanted: string) =>
        plans.reduce((sum, [size, , kind]) => sum + (kind === wanted ? 2 * (size + 1) : 0), 0);
      assert.equal(seen?.bytes.get("up") ?? 0, of("up"));
      assert.equal(seen?.bytes.get("down") ?? 0, of("down"));
      const framed = of("up") + of("down") + 2 * FRAME_BYTES * plans.length;
      assert.ok(Math.abs(seen!.busy - framed * 1e-6) < 1e-9, `${seen!.busy} for ${framed} bytes`);
    }),
    { numRuns: 40 },
  );
});

test("it tells how long after the beginning of a round a peer sends, and starts anew when asked", async () => {
  const seen: Sendings[] = [];
  await simulate({ view: 2, seed: 1, link }, async (peer) => {
    if (peer.id !== 0) {
      for (let round = 0; round < 3; round++) await peer.receive(peerId(0), { kind: "up", round });
      return;
    }
    const timed = new TimedPeer(peer);
    for (const [round, ms] of [5, 7, 50].entries()) {
      timed.begin();
      await timed.work("gradient", milliseconds(ms), () => {});
      await timed.send(peerId(1), { kind: "up", round }, new Uint8Array(10));
      if (round > 0) seen.push(timed.take());
    }
  });
  assert.deepEqual(
    seen.map(({ before, rounds }) => [Math.round(1000 * before), rounds]),
    [
      [12, 2],
      [50, 1],
    ],
  );
});
