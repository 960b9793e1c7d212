/**
 * Offers of a hole punch that no member makes. Holes are punched in `test/live/nat.test.ts`, where there are routers.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Connection, Libp2p, StreamHandler } from "@libp2p/interface";
import { multiaddrOf } from "./addresses.ts";
import { type NodeOptions, startNode } from "./node.ts";
import { OnePort } from "./one-port.ts";
import { PUNCH_PROTOCOL, Punching, type PunchingParts, punchingOf } from "./punching.ts";

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

type Dial = (to: string) => Promise<Connection>;

/** Punches for a node as if its relay were at an address, with calls that lead where the test likes. */
function punchingAt(node: Libp2p, relay: string, dial: Dial): Punching {
  const events = new EventTarget() as PunchingParts["events"]; // of which only what all targets of events have is used
  const { handle, unhandle } = node;
  const registrar = { handle: handle.bind(node), unhandle: unhandle.bind(node) };
  const parts = { transportManager: { dial: (to: unknown) => dial(String(to)) }, registrar, events };
  const relays = new Set([`${node.peerId}`]);
  const punching = new Punching(parts, { port: new OnePort(), relays, isKnown: () => true });
  const connection = {
    ...{ remotePeer: node.peerId, remoteAddr: multiaddrOf(`${relay}/tcp/1`) },
    ...{ direct: true, direction: "outbound" },
  };
  const observedAddr = multiaddrOf("/ip4/5.1.1.2/tcp/2");
  events.dispatchEvent(new CustomEvent("peer:identify", { detail: { connection, observedAddr } }));
  return punching;
}

const offers =
  (...addresses: readonly string[]): StreamHandler =>
  (stream) => {
    stream.addEventListener("message", () => stream.send(bodyOf(...addresses)));
  };

function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

test("addresses that are others in each house are called only where the relay is at such a one", async (t) => {
  const { link, other } = await linked(t);
  const calls = async (relay: string, to: string): Promise<boolean> => {
    const called: string[] = [];
    const dial: Dial = async (to) => {
      called.push(to);
      return link;
    };
    await other.handle(PUNCH_PROTOCOL, offers(`${to}/tcp/80`), { runOnLimitedConnection: true });
    const punched = await punchingAt(other, relay, dial).punch(link);
    await other.unhandle(PUNCH_PROTOCOL);
    assert.deepEqual(called, punched === undefined ? [] : [`${to}/tcp/80/p2p/${other.peerId}`]);
    return punched === link;
  };
  const reaches = { anywhere: "/ip4/5.1.1.1", house: "/ip4/192.168.1.1", machine: "/ip4/127.0.0.1" };
  for (const [from, relay] of Object.entries({ ...reaches, name: "/dns4/example.org" })) {
    for (const [reach, to] of Object.entries(reaches)) {
      assert.equal(await calls(relay, to), reach === "anywhere" || reach === from, `${to} by way of ${relay}`);
    }
    assert.equal(await calls(relay, "/ip4/169.254.169.254"), false, `a link-local address by way of ${relay}`);
  }
});

test("of two connections that come of one offer the second is closed", async (t) => {
  const { link, other } = await linked(t);
  await other.handle(PUNCH_PROTOCOL, offers("/ip4/5.1.1.1/tcp/1", "/ip4/5.1.1.1/tcp/2"), {
    runOnLimitedConnection: true,
  });
  const closed = later<void>();
  const second = { close: async () => closed.resolve() } as Connection; // nothing else is asked of it
  const dial: Dial = async (to) => (to.includes("/tcp/1/") ? link : second);
  assert.equal(await punchingAt(other, "/ip4/5.1.1.1", dial).punch(link), link);
  await closed.promise;
  assert.equal(link.status, "open");
});

test("a member has one offer taken at a time, however many it makes", async (t) => {
  const { link, other } = await linked(t);
  const called = later<void>();
  const answered = later<Connection>();
  let calls = 0;
  const punching = punchingAt(other, "/ip4/5.1.1.1", () => {
    calls += 1;
    called.resolve();
    return calls === 1 ? answered.promise : Promise.resolve(link);
  });
  await punching.start();
  const offer = async () => {
    const stream = await link.newStream(PUNCH_PROTOCOL, { runOnLimitedConnection: true });
    if (stream.status !== "open") return { stream, over: undefined }; // it was refused before it said a word
    const over = new Promise((resolve) => stream.addEventListener("close", resolve));
    stream.send(bodyOf("/ip4/5.1.1.3/tcp/22"));
    return { stream, over };
  };
  const { stream } = await offer();
  await called.promise;
  stream.abort(new Error("on to the next"));
  for (let again = 0; again < 3; again++) await (await offer()).over;
  assert.equal(calls, 1);
  answered.resolve(link);
  await punching.stop();
});
