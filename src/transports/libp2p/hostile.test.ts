import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Connection } from "@libp2p/interface";
import { Random } from "../../base/random.ts";
import { peerId } from "../../ports/view.ts";
import { multiaddrOf } from "./addresses.ts";
import { digestOf } from "./certificate.ts";
import { type ControlMessage, writeControl } from "./control-messages.ts";
import { JOIN_PROTOCOL, MEMBERS_PROTOCOL, writeRequest } from "./join-messages.ts";
import { CONTROL_PROTOCOL, MAIL_PROTOCOL } from "./link.ts";
import { writeNote } from "./mail-records.ts";
import { startNode } from "./node.ts";
import type { SwarmView } from "./swarm-view.ts";
import { admitAll, gather, type Player, stopAll } from "./testing.ts";

/** `THINWIRE_ATTEMPTS=10000 node --test …` for the long run. */
const ATTEMPTS = Number(process.env.THINWIRE_ATTEMPTS ?? 400);

const PROTOCOLS = [CONTROL_PROTOCOL, MAIL_PROTOCOL, JOIN_PROTOCOL, MEMBERS_PROTOCOL];

/** What a member or a joiner might begin with, as a stranger who has seen it would say it again. */
const REPLAYED: Readonly<Record<string, Uint8Array>> = {
  [CONTROL_PROTOCOL]: writeControl({ type: "hello", from: peerId(1), to: peerId(0), epoch: 0 }),
  [MAIL_PROTOCOL]: writeNote({ type: "open", from: peerId(1), to: peerId(0) }),
  [JOIN_PROTOCOL]: writeRequest({ hello: Uint8Array.of(1, 2, 3), addresses: [] }),
  [MEMBERS_PROTOCOL]: writeRequest({ hello: Uint8Array.of(1, 2, 3), addresses: [] }),
};

/** One attempt of a stranger, on one stream. */
async function attempt(connection: Connection, number: number): Promise<void> {
  const rng = Random.fromSeed(number);
  const protocol = PROTOCOLS[number % PROTOCOLS.length]!;
  const words = REPLAYED[protocol]!.slice();
  const kind = rng.u32(0) % 3;
  if (kind === 0) for (let i = 0; i < words.length; i++) words[i] = rng.u32(i + 1) % 256;
  if (kind === 1) words[rng.u32(1) % words.length]! ^= 1 << (rng.u32(2) % 8);
  const stream = await connection.newStream(protocol);
  stream.addEventListener("message", () => {});
  stream.send(words);
  await stream.close();
}

/** A TCP connection that speaks no libp2p at all. */
const noise = (port: number, number: number): Promise<unknown> =>
  new Promise((resolve) => {
    const rng = Random.fromSeed(number);
    const socket = connect(port, "127.0.0.1", () => {
      socket.end(Uint8Array.from({ length: 64 }, (_, i) => rng.u32(i) % 256));
    });
    socket.on("error", () => {});
    socket.on("close", resolve);
    socket.resume();
  });

test("of thousands of malformed and replayed attempts none gets in, none stays, and the swarm goes on", async () => {
  const members: number[] = [];
  const players = await gather(2, {
    admit: async (hello, remote) => (hello.length === 1 ? admitAll(hello, remote) : { accepted: false, reason: "no" }),
  });
  const [a, b] = players as [Player, Player];
  const node = { listen: ["/ip4/127.0.0.1/tcp/0"], holePunching: false };
  const stranger = await startNode(node, { isKnown: () => true });
  try {
    const address = multiaddrOf(a.swarm.addresses[0]!);
    const port = Number(address.getComponents().find(({ name }) => name === "tcp")?.value);
    let connection = await stranger.libp2p.dial(address);
    const warm = Math.floor(ATTEMPTS / 4);
    let before = 0;
    for (let number = 0; number < ATTEMPTS; number++) {
      try {
        await attempt(connection, number);
      } catch {
        connection.abort(new Error("once more")); // it was shown the door
        connection = await stranger.libp2p.dial(address);
      }
      if (number % 10 === 0) await noise(port, number);
      if (number === warm) before = heapUsed();
    }
    const grown = heapUsed() - before;
    assert.ok(grown < 20e6, `the heap grew by ${grown} bytes in ${ATTEMPTS - warm} attempts`);
    members.push(...a.stay.view.members.map(({ id }) => id));
    assert.deepEqual([members, a.stay.view.epoch], [[0, 1], 0]);
    await a.peer.send(b.peer.id, { kind: "test", round: 0 }, Uint8Array.of(1));
    assert.deepEqual(await b.peer.receive(a.peer.id, { kind: "test", round: 0 }), Uint8Array.of(1));
  } finally {
    await stranger.libp2p.stop();
    await stopAll(players);
  }
});

for (const [what, lie] of [
  [
    "a view that nobody voted for",
    ({ members, ...view }: SwarmView): ControlMessage => ({
      type: "commit",
      view: { ...view, epoch: view.epoch + 1, members: members.slice(1) },
      certificate: {
        follows: digestOf({ members, ...view }),
        ballot: 0,
        votes: new Map([0, 1, 2].map((id) => [peerId(id), new Uint8Array(64)])),
      },
    }),
  ],
  [
    "an accusation in another's name",
    (): ControlMessage => ({
      type: "accusation",
      by: peerId(1),
      id: peerId(0),
      why: "",
      signature: new Uint8Array(64),
    }),
  ],
] as const) {
  test(`a member that makes up ${what} is dropped and named, and the others go on`, async () => {
    const dropped: unknown[] = [];
    const players = await gather(4, { onEvent: (event) => event.type === "dropped" && dropped.push(event.id) });
    try {
      const [, , witness, liar] = players as [Player, Player, Player, Player];
      liar.stay.links.get(witness.peer.id)!.send(lie(liar.stay.view));
      for (const { peer } of players.slice(0, 3)) while (peer.view.members.length > 3) await peer.nextView();
      assert.deepEqual([...new Set(dropped)], [3]);
      for (const { stay } of players.slice(0, 3)) {
        assert.deepEqual([stay.view.barred.map(({ node }) => node), stay.view.members.length], [[liar.swarm.node], 3]);
      }
    } finally {
      await stopAll(players);
    }
  });
}

/** After a collection. */
function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}
