import assert from "node:assert/strict";
import { test } from "node:test";
import { Aborted, ConfigError, PeerLost } from "../../base/errors.ts";
import { seconds } from "../../base/units.ts";
import type { Tag } from "../../ports/peer.ts";
import { peerId } from "../../ports/view.ts";
import { type FromWorker, QUEUE_BYTES } from "./protocol.ts";
import { WorkerPeer } from "./worker-peer.ts";

const members = [0, 1, 2].map(peerId);
const [first, second, third] = [members[0]!, members[1]!, members[2]!];
const at = (round: number): Tag => ({ kind: "test", round });
const LARGE = 100_000;

/** Three peers in this thread, and what the first one posts. */
function open(): { peers: readonly [WorkerPeer, WorkerPeer, WorkerPeer]; posts: FromWorker[] } {
  const posts: FromWorker[] = [];
  const start = { view: { epoch: 0, members, workers: members }, seed: 1, began: seconds(0), data: null };
  const peer = (id: typeof first) => new WorkerPeer({ ...start, id }, (message) => posts.push(message));
  return { peers: [peer(first), peer(second), peer(third)], posts };
}

const frameOf = (message: FromWorker | undefined): Uint8Array => {
  assert.ok(message?.type === "mail");
  return message.frame;
};

/** Whether a promise settles without any further event. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  const settled = () => {
    pending = false;
  };
  promise.then(settled, settled);
  await new Promise((resolve) => setImmediate(resolve));
  return pending;
}

test("memory sent to two is used again when both have copied from it, once each", async () => {
  const { peers, posts } = open();
  const [sender, ...receivers] = peers;
  const nextFrame = async (round: number) => {
    await sender.send([second, third], at(round), new Uint8Array(LARGE));
    const frames = posts.splice(0).map(frameOf);
    assert.equal(frames[0]!.buffer, frames[1]!.buffer, "written once for both");
    return frames[0]!;
  };
  const frame = await nextFrame(0);
  receivers[0]!.deliver(first, frame);
  const body = await receivers[0]!.receive(first, at(0));
  for (let times = 0; times < 3; times++) receivers[0]!.recycle(body);
  assert.notEqual((await nextFrame(1)).buffer, frame.buffer, "the other one has yet to read it");
  receivers[1]!.deliver(first, frame);
  assert.equal((await nextFrame(2)).buffer, frame.buffer);
});

test("a large frame lands at its receiver, and its shared memory is free at once", async () => {
  const { peers, posts } = open();
  const [sender, receiver] = peers;
  const send = async (round: number) => {
    await sender.send(second, at(round), new Uint8Array(10 * LARGE).fill(round + 1));
    return frameOf(posts.splice(0)[0]);
  };
  const frame = await send(0);
  receiver.deliver(first, frame);
  assert.equal((await send(1)).buffer, frame.buffer, "before the program has seen the first");
  const body = await receiver.receive(first, at(0));
  assert.ok(body.every((byte) => byte === 1));
  receiver.recycle(body);
  receiver.deliver(first, frame);
  const next = await receiver.receive(first, at(1));
  assert.equal(next.byteOffset, body.byteOffset, "the place is used again");
});

test("memory of a frame that is not kept goes back at once, and the hub hears why", async () => {
  const { peers, posts } = open();
  const [sender, receiver] = peers;
  for (const why of ["corrupt", "duplicate"] as const) {
    await sender.send(second, at(0), new Uint8Array(LARGE));
    const frame = frameOf(posts.pop());
    if (why === "corrupt") frame[50]! ^= 1;
    else receiver.deliver(first, frame.slice());
    receiver.deliver(first, frame);
    assert.deepEqual(posts.pop(), { type: "drop", drop: { from: first, to: second, why } });
    await sender.send(second, at(0), new Uint8Array(LARGE));
    assert.equal(frameOf(posts.pop()).buffer, frame.buffer);
  }
});

test("a frame that names another sender than its wire is dropped", async () => {
  const { peers, posts } = open();
  await peers[0].send(second, at(0), Uint8Array.of(1));
  peers[1].deliver(third, frameOf(posts.pop()));
  assert.deepEqual(posts, [{ type: "drop", drop: { from: third, to: second, why: "corrupt" } }]);
});

test("send waits while the hub's queue is full, and no longer", async () => {
  const [sender] = open().peers;
  const body = new Uint8Array(QUEUE_BYTES / 2);
  await sender.send(second, at(0), body);
  const waiting = sender.send(second, at(1), body);
  const next = sender.send(third, at(2), new Uint8Array(10));
  assert.ok(await isPending(waiting));
  sender.addRoom(40);
  assert.ok(await isPending(waiting), "the frames' headers count");
  sender.addRoom(body.length);
  await Promise.all([waiting, next]);
});

test("an abort ends every call, under way or to come", async () => {
  const [sender] = open().peers;
  const calls: Promise<unknown>[] = [
    sender.send(second, at(0), new Uint8Array(2 * QUEUE_BYTES)),
    sender.nextView(),
    sender.receive(second, at(0)),
  ];
  sender.abort(new RangeError("enough"));
  calls.push(sender.send(second, at(1), new Uint8Array(1)), sender.nextView(), sender.receive(second, at(1)));
  calls.push(sender.work("work", undefined, () => assert.fail("it worked")));
  for (const call of calls) {
    await assert.rejects(call, (error) => error instanceof Aborted && error.cause instanceof RangeError);
  }
});

test("mail to oneself, to a stranger or to a peer that is gone is refused before anything is sent", async () => {
  const { peers, posts } = open();
  const [sender] = peers;
  sender.lose(third, "it crashed");
  const send = (to: number) => sender.send([second, peerId(to)], at(0), new Uint8Array(1));
  await assert.rejects(send(0), ConfigError);
  await assert.rejects(send(7), PeerLost);
  await assert.rejects(send(2), (error) => error instanceof PeerLost && error.got === "it crashed");
  assert.deepEqual(posts, []);
});
