import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, seconds } from "../../base/units.ts";
import { ByteSink } from "../../coding/bytes.ts";
import { writeFrame } from "../../coding/frame.ts";
import type { Peer, Tag } from "../../ports/peer.ts";
import { type PeerId, peerId } from "../../ports/view.ts";
import { siblingEntry } from "../threads/sibling-entry.ts";
import { LiveWorker } from "./live-worker.ts";
import { admitAll, found, gather, join, type Player, play, SEED, stopAll } from "./testing.ts";

const at = (round: number): Tag => ({ kind: "test", round });
const textOf = (body: Uint8Array): string => new TextDecoder().decode(body);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const membersOf = (peer: Peer): number[] => [...peer.view.members];

/** Short, for those who wait to lose somebody; long enough for a busy machine not to lose others. */
const QUICK = { detection: seconds(3), patience: seconds(6) };

/** Goes on to views until one has these members. */
async function until(peer: Peer, members: readonly number[]): Promise<void> {
  while (`${membersOf(peer)}` !== `${members}`) await peer.nextView();
}

/** One word each way between all members of the peers' view. */
async function talk(peers: readonly Peer[], round: number): Promise<void> {
  await Promise.all(
    peers.map(async (peer) => {
      const others = peer.view.members.filter((id) => id !== peer.id);
      await peer.send(others, at(round), bytesOf(`round ${round} of ${peer.id}`));
      const bodies = await peer.gather(others, at(round));
      assert.deepEqual(
        [...bodies].map(([id, body]) => [id, textOf(body)]),
        others.map((id) => [id, `round ${round} of ${id}`]),
      );
    }),
  );
}

async function playing(players: readonly Player[], test: () => Promise<void>): Promise<void> {
  try {
    await test();
  } finally {
    await stopAll(players);
  }
}

test("whoever joins later is in the next view, last in rank, and talks with all", async () => {
  const founder = await found();
  const first = await play(founder);
  const players = [first];
  await playing(players, async () => {
    for (const id of [1, 2]) {
      players.push(await play(await join(founder.addresses)));
      assert.equal(players[id]!.peer.id, id);
    }
    await Promise.all(players.map(({ peer }) => until(peer, [0, 1, 2])));
    await talk(
      players.map(({ peer }) => peer),
      0,
    );
  });
});

test("a joiner may ask any member", async () => {
  const players = await gather(3);
  await playing(players, async () => {
    players.push(await play(await join(players[2]!.swarm.addresses)));
    assert.deepEqual(membersOf(players[3]!.peer), [0, 1, 2, 3]);
  });
});

test("a member that stops without a word is lost to waits at once, and out of the next view", async () => {
  const players = await gather(3);
  await playing(players, async () => {
    const [a, b, c] = players as [Player, Player, Player];
    await talk(
      players.map(({ peer }) => peer),
      0,
    );
    const waiting = assert.rejects(a.peer.receive(peerId(2), at(1)), { code: "peer-lost" });
    await c.swarm.stop();
    await waiting;
    await Promise.all([until(a.peer, [0, 1]), until(b.peer, [0, 1])]);
    await talk([a.peer, b.peer], 2);
  });
});

test("when the leader is lost the others go on, and take joiners", async () => {
  const players = await gather(4);
  await playing(players, async () => {
    const [first, ...others] = players as [Player, ...Player[]];
    await talk(
      players.map(({ peer }) => peer),
      0,
    ); // all are connected: none need be waited for
    await first.swarm.stop();
    await Promise.all(others.map(({ peer }) => until(peer, [1, 2, 3])));
    const late = await play(await join(others[1]!.swarm.addresses));
    players.push(late);
    await Promise.all(others.map(({ peer }) => until(peer, [1, 2, 3, 4])));
    await talk(
      [...others, late].map(({ peer }) => peer),
      7,
    );
  });
});

test("a member that has gone on to a newer view is lost to the older one, but what it sent there is received", async () => {
  const players = await gather(2);
  await playing(players, async () => {
    const [a, b] = players as [Player, Player];
    players.push(await play(await join(a.swarm.addresses)));
    await a.peer.send(b.peer.id, at(5), bytesOf("before I go"));
    await until(a.peer, [0, 1, 2]);
    assert.equal(textOf(await b.peer.receive(a.peer.id, at(5))), "before I go");
    await assert.rejects(b.peer.receive(a.peer.id, at(6)), /it has gone on to view 1/);
    assert.ok(b.peer.outdated);
    await until(b.peer, [0, 1, 2]);
    await talk(
      players.map(({ peer }) => peer),
      8,
    );
  });
});

test("a minority waits: nothing follows, and nobody is let in", async () => {
  const events: string[] = [];
  const players = await gather(3, QUICK);
  await playing(players, async () => {
    const [a, b, c] = players as [Player, Player, Player];
    await talk(
      players.map(({ peer }) => peer),
      0,
    );
    await Promise.all([a.swarm.stop(), b.swarm.stop()]);
    await assert.rejects(c.peer.receive(a.peer.id, at(1)), { code: "peer-lost" });
    const next = c.peer.nextView().then(() => events.push("a view"));
    next.catch(() => {});
    const joiner = await join(c.swarm.addresses, { within: seconds(0.1), ...QUICK });
    await assert.rejects(joiner.enter(), { code: "config" });
    await joiner.stop();
    assert.deepEqual([events, c.stay.membership.waits, c.stay.view.epoch], [[], true, 0]);
  });
});

test("a member that the others went on without is told so, and comes back under a new id", async () => {
  const players = await gather(3, QUICK);
  await playing(players, async () => {
    const [a, b, c] = players as [Player, Player, Player];
    a.stay.membership.linkDown(c.peer.id, "for the test"); // as if it had been silent
    assert.equal(await c.stay.over, "expelled");
    assert.equal(c.peer.signal.reason.code, "peer-lost");
    await assert.rejects(c.peer.receive(a.peer.id, at(0)), { code: "aborted" });
    const again = await play(c.swarm);
    assert.equal(again.peer.id, 3);
    await Promise.all([a, b].map(({ peer }) => until(peer, [0, 1, 3])));
    await talk(
      [a, b, again].map(({ peer }) => peer),
      1,
    );
  });
});

test("a member that breaks the format is dropped, named and kept out", async () => {
  const dropped: unknown[] = [];
  const players = await gather(3, {
    limits: { messageBytes: bytes(1000) },
    onEvent: (event) => event.type === "dropped" && dropped.push([event.id, event.why]),
  });
  await playing(players, async () => {
    const [a, b, c] = players as [Player, Player, Player];
    await c.peer.send(a.peer.id, at(0), new Uint8Array(2000));
    await Promise.all([until(a.peer, [0, 1]), until(b.peer, [0, 1])]);
    assert.match(`${dropped}`, /2,mail: expected a body of at most 1000 bytes, got 2000/);
    assert.equal(await c.stay.over, "expelled");
  });
});

test("a damaged frame is found by its checksum, and its sender dropped", async () => {
  const dropped: unknown[] = [];
  const players = await gather(2, {
    onEvent: (event) => event.type === "dropped" && dropped.push(event.id),
  });
  await playing(players, async () => {
    const [a, b] = players as [Player, Player];
    const frame = new Uint8Array(24 + 3);
    const header = { kind: "test", round: 0, attempt: 0, part: 0, epoch: 0, sender: b.peer.id } as const;
    writeFrame(header, bytesOf("abc"), new ByteSink(frame));
    frame[25]! ^= 1;
    b.stay.links.get(a.peer.id)!.mail(frame, () => {});
    await until(a.peer, [0]);
    assert.deepEqual(dropped, [1]);
  });
});

test("who is refused hears why, and the swarm goes on", async () => {
  const refused: unknown[] = [];
  const founder = await found({
    admit: async (hello, { peerId }) =>
      textOf(hello) === `ticket of ${peerId}`
        ? admitAll(hello, { peerId, address: "" })
        : { accepted: false, reason: "no ticket" },
    onEvent: (event) => event.type === "refused" && refused.push(event.why),
  });
  const players = [await play(founder)];
  await playing(players, async () => {
    const stranger = await join(founder.addresses, { hello: () => bytesOf("let me in") });
    await assert.rejects(stranger.enter(), /expected to be let in, got "no ticket"/);
    await stranger.stop();
    assert.deepEqual([refused, players[0]!.stay.view.members.length], [["no ticket"], 1]);
    const friend = await join(founder.addresses, { hello: () => bytesOf(`ticket of ${friend.node}`) });
    players.push(await play(friend));
    assert.equal(players[1]!.peer.id, 1);
  });
});

test("a member that is reached through a relay alone gets and sends mail", async () => {
  const relay = await found({ node: { listen: ["/ip4/127.0.0.1/tcp/0"], relay: true, holePunching: false } });
  const players = [await play(relay)];
  await playing(players, async () => {
    const hidden = { listen: [], relays: relay.addresses, holePunching: false };
    players.push(await play(await join(relay.addresses, { node: hidden })));
    assert.ok(players[1]!.swarm.addresses.every((address) => address.includes("/p2p-circuit/")));
    const open = { listen: ["/ip4/127.0.0.1/tcp/0"], holePunching: false };
    players.push(await play(await join(relay.addresses, { node: open })));
    await Promise.all(players.map(({ peer }) => until(peer, [0, 1, 2])));
    const big = new Uint8Array(3_000_000).fill(7);
    await players[2]!.peer.send(peerId(1), at(1), big);
    assert.deepEqual(await players[1]!.peer.receive(peerId(2), at(1)), big);
    await talk(
      players.map(({ peer }) => peer),
      2,
    );
  });
});

test("a program in a compute worker talks with one in this thread, over WebSocket", async () => {
  const node = { listen: ["/ip4/127.0.0.1/tcp/0/ws"] };
  const founder = await found({ members: 2, node });
  const founding = founder.enter();
  const here = await play(await join(founder.addresses, { node }));
  const stay = await founding;
  const entry = siblingEntry("./live-entry.contract", import.meta.url);
  const worker = new LiveWorker<unknown>({ entry, seed: SEED, data: "opens" });
  await worker.ready();
  const done = worker.run(stay, { contract: "copied" });
  await playing([here, { ...here, swarm: founder }], async () => {
    assert.equal(textOf(await here.peer.receive(stay.id, at(0))), "as it was");
    assert.equal(textOf(await here.peer.receive(stay.id, at(1))), "these too");
    assert.equal(await done, "sent");
    await stay.leave();
    await until(here.peer, [1]);
    await worker.close();
  });
});

test("what crossed the sockets is more than the frames, and not much more", async () => {
  const players = await gather(2);
  await playing(players, async () => {
    const [a, b] = players as [Player, Player];
    const before = a.swarm.wireBytes.sent;
    await a.peer.send(b.peer.id, at(0), new Uint8Array(1_000_000));
    await b.peer.receive(a.peer.id, at(0));
    const framed = a.peer.meter.totals().sent.get(b.peer.id as PeerId)!;
    const wire = a.swarm.wireBytes.sent - before;
    assert.ok(wire > framed && wire < 1.02 * framed, `${wire} bytes for ${framed}`);
  });
});
