import assert from "node:assert/strict";
import { test } from "node:test";
import type { Tag } from "../../ports/peer.ts";
import { gather, stopAll } from "./testing.ts";

const TAG: Tag = { kind: "test", round: 0 };
const MESSAGE = new Uint8Array(3_000_000);

test("what was flushed has arrived", async () => {
  const players = await gather(2);
  try {
    const [sender, receiver] = [players[0]!, players[1]!];
    await sender.peer.flushed?.(); // nothing was sent
    const before = receiver.swarm.wireBytes.received;
    await sender.peer.send(receiver.peer.id, TAG, MESSAGE);
    await sender.peer.flushed?.();
    assert.ok(receiver.swarm.wireBytes.received - before > MESSAGE.length);
  } finally {
    await stopAll(players);
  }
});

test("what was sent to a member that is lost keeps nobody waiting", async () => {
  const players = await gather(2);
  try {
    const [sender, receiver] = [players[0]!, players[1]!];
    await sender.peer.send(receiver.peer.id, { kind: "test", round: 1 }, MESSAGE);
    await receiver.peer.receive(sender.peer.id, { kind: "test", round: 1 }); // so the link is open
    await sender.peer.send(receiver.peer.id, TAG, MESSAGE);
    const flushed = sender.peer.flushed?.();
    await receiver.swarm.stop();
    await flushed;
  } finally {
    await stopAll(players);
  }
});

test("the one that answers late is not waited for where others have answered", async () => {
  const players = await gather(3);
  try {
    const [sender, ...others] = players.map(({ peer }) => peer);
    const [links] = players.map(({ stay }) => stay.links);
    links!.get(others[1]!.id)!.arrived = () => new Promise(() => {});
    await sender!.send(
      others.map(({ id }) => id),
      TAG,
      MESSAGE,
    );
    await sender!.flushed?.();
  } finally {
    await stopAll(players);
  }
});
