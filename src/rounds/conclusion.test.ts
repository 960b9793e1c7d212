import assert from "node:assert/strict";
import { test } from "node:test";
import { PeerLost } from "../base/errors.ts";
import { bitsPerSecond, type Seconds, seconds } from "../base/units.ts";
import type { Peer } from "../ports/peer.ts";
import { peerId } from "../ports/view.ts";
import { simulate } from "../simulation/simulate.ts";
import { conclude } from "./conclusion.ts";

const link = { up: bitsPerSecond(1e6), down: bitsPerSecond(1e6), latency: seconds(0.1) };

test("nobody leaves before the last is done", async () => {
  const program = async (peer: Peer): Promise<Seconds> => {
    await peer.work("rounds", seconds(peer.id), () => {});
    await conclude(peer, 3);
    return peer.clock.now();
  };
  const { results } = await simulate({ view: 4, seed: 1, link }, program);
  for (const time of results) assert.ok(time >= 3, `left at ${time} s; peer 3 was done at 3 s`);
});

test("whoever is lost before it was done is lost to all, though they wait for rank 0 alone", async () => {
  const crashes = [{ peer: peerId(2), at: seconds(1) }];
  const program = async (peer: Peer): Promise<string> => {
    await peer.work("rounds", seconds(peer.id), () => {});
    try {
      await conclude(peer, 3);
      return "over";
    } catch (error) {
      assert.ok(error instanceof PeerLost);
      await peer.nextView();
      await conclude(peer, 3);
      return `over in view ${peer.view.epoch}`;
    }
  };
  const { results } = await simulate({ view: 4, seed: 1, link, crashes }, program);
  assert.deepEqual(results, ["over in view 1", "over in view 1", "over in view 1"]);
});

test("once all are done, that one is gone changes nothing for the others", async () => {
  const crashes = [{ peer: peerId(1), at: seconds(0.15) }];
  const program = async (peer: Peer): Promise<string> => {
    await peer.work("rounds", seconds(peer.id === 2 ? 1 : 0), () => {});
    await conclude(peer, 3);
    return "over";
  };
  const { results } = await simulate({ view: 3, seed: 1, link, crashes }, program);
  assert.deepEqual(results, ["over", "over"]);
});

test("every member hears the sum of what all have to report", async () => {
  const program = async (peer: Peer): Promise<number[]> => {
    const add = ([sum = 0]: Uint8Array, [one = 0]: Uint8Array) => Uint8Array.of(sum + one);
    return [...(await conclude(peer, 3, { own: Uint8Array.of(peer.id + 1), add }))];
  };
  const { results } = await simulate({ view: 4, seed: 1, link }, program);
  assert.deepEqual(results, Array(4).fill([10]));
});
