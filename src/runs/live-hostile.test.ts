/**
 * Training over sockets, with the real program: beside a member that sends noise, and through a relay alone.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seconds } from "../base/units.ts";
import type { Peer } from "../ports/peer.ts";
import type { SwarmEvent } from "../transports/libp2p/index.ts";
import { found, gather, join, type Player, play, stopAll } from "../transports/libp2p/testing.ts";
import type { Host, PeerOutcome } from "./host.ts";
import { checkJob } from "./job.ts";
import { trainPeer } from "./program.ts";
import { methodOf, trainingSettings, viewOf } from "./setting.ts";
import { gradientsOf, rowsFor } from "./testing/soak-problem.ts";

const SEED = 3;
const ROUNDS = 12;
const NOISE = Uint8Array.from({ length: 999 }, (_, i) => (i * 77) % 256);

const host: Host = {
  alone: true,
  tick: () => {},
  stopRequested: () => false,
  checkpointEvery: 0,
  checkpoint: () => {},
  show: () => {},
  shown: () => [],
};

/** Trains a linear model of 25 parameters by a recipe. */
function train(peer: Peer, recipe: string, peers: number): Promise<PeerOutcome> {
  const job = checkJob({ recipe, peers: String(peers), rounds: String(ROUNDS), lr: "1", batch: "1", momentum: "0" });
  const gradients = gradientsOf(SEED, [4, 5]);
  const { model } = gradients;
  const { data, parts } = rowsFor(peers);
  const settings = { ...trainingSettings(job, model, { data, parts }), elastic: true };
  const method = methodOf(job);
  const watched: typeof method = {
    ...method,
    open: (trainee) => method.open({ ...trainee, batches: gradients.batchesOf(trainee.peer.id) }),
  };
  return trainPeer(peer, {
    ...{ job, method: watched, model, data, roster: viewOf(job), parts, settings, host },
    resumed: undefined,
  });
}

/** From a round on what this peer sends is noise. */
function babbles(peer: Peer, round: number): void {
  const send = peer.send.bind(peer);
  peer.send = (to, tag, body) => send(to, tag, tag.round >= round ? NOISE : body);
}

for (const [recipe, babbler] of [
  ["sgd", 2],
  ["sgd", 0],
  ["all-reduce-sgd", 1],
] as const) {
  test(`${recipe}: members go on without peer ${babbler}, which sends noise, name it, and do not let it back`, async () => {
    const events: SwarmEvent[] = [];
    const players = await gather(3, { onEvent: (event) => events.push(event), patience: seconds(10) });
    try {
      const hostile = players[babbler]!;
      babbles(hostile.peer, 4);
      const end = assert.rejects(train(hostile.peer, recipe, 3));
      const others = players.filter((player) => player !== hostile);
      const outcomes = await Promise.all(others.map(({ peer }) => train(peer, recipe, 3)));
      const [one, other] = outcomes as [PeerOutcome, PeerOutcome];
      assert.deepEqual([one.rounds, other.rounds, one.outcome], [ROUNDS, ROUNDS, "rounds"]);
      assert.deepEqual(one.params, other.params);
      assert.ok(one.params?.every(Number.isFinite));
      const named = events.flatMap((event) => (event.type === "dropped" ? [event] : []));
      assert.ok(named.length > 0);
      for (const { id, node } of named) assert.deepEqual([id, node], [babbler, hostile.swarm.node]);
      assert.equal(await hostile.stay.over, "expelled");
      await end;
      await assert.rejects(hostile.swarm.enter(), /expected to be let in, got "it was dropped from this swarm: /);
    } finally {
      await stopAll(players);
    }
  });
}

test("two members that reach each other through a relay alone train with it", async () => {
  const relay = await found({
    node: { listen: ["/ip4/127.0.0.1/tcp/0"], relay: true, holePunching: false },
    members: 3,
  });
  const players: Player[] = [];
  try {
    const founding = play(relay);
    const hidden = { listen: [], relays: relay.addresses, holePunching: false };
    const joining = [0, 1].map(async () => await play(await join(relay.addresses, { node: hidden })));
    players.push(...(await Promise.all([founding, ...joining])));
    const outcomes = await Promise.all(players.map(({ peer }) => train(peer, "all-reduce-sgd:by=ring", 3)));
    for (const { rounds, params } of outcomes) {
      assert.equal(rounds, ROUNDS);
      assert.deepEqual(params, outcomes[0]!.params);
    }
    const [, a, b] = players as [Player, Player, Player];
    assert.ok(a.peer.meter.totals().sent.get(b.peer.id)! > 0, "the ring has an edge between them");
    for (const { swarm } of [a, b]) assert.ok(swarm.addresses.every((address) => address.includes("/p2p-circuit/")));
  } finally {
    await stopAll(players);
  }
});
