/**
 * Links through a relay, between nodes that listen on nothing.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { multiaddrOf } from "./addresses.ts";
import { type Node, type NodeOptions, startNode } from "./node.ts";

const KNOWN = { isKnown: () => true };
const SINK = "/test/sink/1";

async function start(t: TestContext, options: NodeOptions): Promise<Node["libp2p"]> {
  const { libp2p } = await startNode({ holePunching: false, newConnections: 1000, ...options }, KNOWN);
  t.after(() => libp2p.stop());
  return libp2p;
}

const relayOf = (t: TestContext) => start(t, { listen: ["/ip4/127.0.0.1/tcp/0"], relay: true });
const behind = (t: TestContext, relay: Node["libp2p"]) =>
  start(t, { listen: [], relays: relay.getMultiaddrs().map(String) });

test("a link through a relay has no limit of time, and carries more than a relay passes on by default", async (t) => {
  const relay = await relayOf(t);
  const [one, other] = [await behind(t, relay), await behind(t, relay)];
  const bytes = 4 * 128 * 1024;
  const all = new Promise<void>((resolve, reject) => {
    let came = 0;
    void other.handle(SINK, (stream) => {
      stream.addEventListener("message", ({ data }) => {
        came += data.byteLength;
        if (came === bytes) resolve();
      });
      stream.addEventListener("close", () => reject(new Error(`the link ended after ${came} bytes`)));
    });
  });
  const link = await one.dial(other.getMultiaddrs());
  assert.deepEqual([link.direct, link.limits], [false, undefined]);
  assert.equal(other.getConnections(one.peerId)[0]?.limits, undefined);
  const stream = await link.newStream(SINK);
  stream.send(new Uint8Array(bytes));
  await all;
});

test("a member has links to 40 others through one relay", async (t) => {
  const relay = await relayOf(t);
  const one = await behind(t, relay);
  for (let count = 1; count <= 40; count++) {
    const other = await behind(t, relay);
    const link = await one.dial(multiaddrOf(String(other.getMultiaddrs()[0])));
    assert.deepEqual([count, link.status, link.direct], [count, "open", false]);
  }
});
