/**
 * Offers of a hole punch that no member makes. Holes are punched in `test/live/nat.test.ts`, where there are routers.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Connection, Libp2p, StreamHandler } from "@libp2p/interface";
import { type NodeOptions, startNode } from "./node.ts";
import { PUNCH_PROTOCOL, type Punching, punchingOf } from "./punching.ts";

async function start(t: TestContext, options: NodeOptions): Promise<Libp2p> {
  const { libp2p } = await startNode(options, { isKnown: () => true });
  t.after(() => libp2p.stop());
  return libp2p;
}

/** A link through a relay, from a node that may punch to one that answers what it likes. */
async function linked(t: TestContext): Promise<{ link: Connection; punching: Punching; other: Libp2p }> {
  const relay = await start(t, { listen: ["/ip4/127.0.0.1/tcp/0"], relay: true });
  const behind = { listen: [], relays: relay.getMultiaddrs().map(String) };
  const [one, other] = [await start(t, behind), await start(t, behind)];
  await other.unhandle(PUNCH_PROTOCOL);
  return { link: await one.dial(other.getMultiaddrs()), punching: punchingOf(one)!, other };
}

const bodyOf = (...addresses: readonly string[]): Uint8Array => {
  const texts = addresses.map((address) => new TextEncoder().encode(address));
  const body = [texts.length, ...texts.flatMap((text) => [text.length, 0, ...text])];
  return Uint8Array.from([body.length, 0, 0, 0, ...body]);
};

const NO_OFFERS: readonly (readonly [string, Uint8Array])[] = [
  ["longer than an offer may be", Uint8Array.from([255, 255, 255, 255])],
  ["an address that is cut off", Uint8Array.from([4, 0, 0, 0, 1, 9, 0, 47])],
  ["more addresses than there may be", Uint8Array.from([1, 0, 0, 0, 200])],
  ["no address", bodyOf("nonsense")],
  [
    "an address of another node",
    bodyOf("/ip4/127.0.0.1/tcp/1/p2p/12D3KooWQNxqKE2sGcNfW7vEHNPgvuHRwMg769ZN5BvcMLDVZiZo"),
  ],
  ["a name, a WebSocket, a relay", bodyOf("/dns4/example.org/tcp/1", "/ip4/127.0.0.1/tcp/1/ws")],
];

test("what is no offer is answered by no call, and the link through the relay stays", async (t) => {
  const { link, punching, other } = await linked(t);
  assert.equal(await punching.punch(link), undefined, "the other knows nothing of it");
  for (const [what, answer] of NO_OFFERS) {
    let offered = "";
    const liar: StreamHandler = (stream) => {
      stream.addEventListener("message", ({ data }) => {
        offered = new TextDecoder().decode(data.subarray());
        stream.send(answer);
      });
    };
    await other.handle(PUNCH_PROTOCOL, liar, { runOnLimitedConnection: true });
    assert.equal(await punching.punch(link), undefined, what);
    assert.match(offered, /\/ip4\/127\.0\.0\.1\/tcp\/\d+$/);
    await other.unhandle(PUNCH_PROTOCOL);
  }
  assert.equal(link.status, "open");
  const direct = other
    .getConnections()
    .filter(({ direct, remotePeer }) => direct && remotePeer.equals(link.remotePeer));
  assert.deepEqual(direct, []);
});
