import assert from "node:assert/strict";
import { test } from "node:test";
import { megabitsPerSecond, milliseconds } from "../../base/units.ts";
import type { Dial } from "../../compressors/compressor.ts";
import type { Peer } from "../../ports/peer.ts";
import { type PeerId, peerId } from "../../ports/view.ts";
import { type Link, symmetric } from "../../simulation/link.ts";
import { simulate } from "../../simulation/simulate.ts";
import { type Decision, Pacing } from "./pacing.ts";
import { TimedPeer } from "./timed-peer.ts";

const usual = symmetric(megabitsPerSecond(8), milliseconds(5));
const tenth: Link = { ...usual, up: megabitsPerSecond(0.8) };
const settings = [1, 2, 4, 8, 16, 32].map((n) => n / 100);

/** Workers send messages as large as their dials say, peer 0 answers; 40 rounds. */
async function run(linkOf: (id: PeerId) => Link, wire: { readonly loss?: boolean } = {}) {
  const dials = new Map<PeerId, Dial>();
  const decisions: Decision[] = [];
  const ends: number[] = [];
  const mangle = ({ tag }: { tag: { kind: string } }) => (tag.kind === "control" ? "drop" : "deliver");
  await simulate(
    { view: 5, seed: 1, link: linkOf, ...(wire.loss === true && { mangle, retransmit: false }) },
    async (peer: Peer) => {
      const timed = new TimedPeer(peer);
      const up: Dial = { settings, position: 3 };
      dials.set(peer.id, up);
      const pacing = new Pacing(timed, { up, down: undefined });
      for (let round = 0; round < 40; round++) {
        pacing.begin();
        await timed.work("gradient", milliseconds(5), () => {});
        if (peer.id === 0) {
          for (const other of peer.view.members.slice(1)) await timed.receive(other, { kind: "up", round });
          await timed.send(peer.view.members.slice(1), { kind: "down", round }, new Uint8Array(100));
          ends[round] = peer.clock.now();
        } else {
          await timed.send(peerId(0), { kind: "up", round }, new Uint8Array(100_000 * settings[up.position]!));
          await timed.receive(peerId(0), { kind: "down", round });
        }
        decisions.push(...(await pacing.end(round)));
      }
    },
  );
  const took = (round: number) => ends[round]! - ends[round - 1]!;
  return { dials: [...dials].sort(([a], [b]) => a - b).map(([, dial]) => dial.position), decisions, took };
}

test("a peer with a tenth of the others' rate sends a tenth, and rounds become as short as without it", async () => {
  const even = await run(() => usual);
  const uneven = await run((id) => (id === 3 ? tenth : usual));
  assert.deepEqual(even.dials, [5, 3, 3, 3, 3]); // what peer 0 gives itself costs nothing
  assert.deepEqual(uneven.dials, [5, 3, 3, 0, 3]);
  assert.ok(uneven.took(1) > 0.08);
  assert.ok(uneven.took(39) < 1.4 * even.took(39), `${uneven.took(39)} and ${even.took(39)}`);
});

test("a peer with a faster wire sends more", async () => {
  const { dials } = await run((id) => (id === 2 ? { ...usual, up: megabitsPerSecond(80) } : usual));
  assert.deepEqual(dials, [5, 3, 5, 3, 3]);
});

test("a decision says what was turned, when and why; equal conditions are decided once", async () => {
  const { decisions } = await run((id) => (id === 3 ? tenth : usual));
  const own = decisions.filter(({ peer }) => peer === 3);
  assert.equal(own.length, 1);
  const [{ direction, from, to, round, target, tookSeconds, takesSeconds } = assert.fail()] = own;
  assert.deepEqual([direction, from, to, round], ["up", 0.08, 0.01, 4]);
  assert.ok(tookSeconds > 5 * target && takesSeconds < 1.3 * target, `${tookSeconds}, ${takesSeconds}, ${target}`);
});

test("nobody waits for a word that is lost: without any the dials stay", async () => {
  const { dials, decisions } = await run((id) => (id === 3 ? tenth : usual), { loss: true });
  // Peer 0 still hears itself, and finds that nobody sends.
  assert.deepEqual([dials, decisions], [[3, 3, 3, 3, 3], []]);
});
