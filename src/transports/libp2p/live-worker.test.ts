import assert from "node:assert/strict";
import { test } from "node:test";
import { Aborted, PeerLost } from "../../base/errors.ts";
import { ByteSink } from "../../coding/bytes.ts";
import { FRAME_BYTES, readFrame, writeFrame } from "../../coding/frame.ts";
import { peerId } from "../../ports/view.ts";
import { crossError } from "../threads/crossed-error.ts";
import type { FromWorker } from "../threads/protocol.ts";
import { siblingEntry } from "../threads/sibling-entry.ts";
import type { Opening, StayProgram } from "./live-entry.contract.ts";
import { type Hub, LiveWorker } from "./live-worker.ts";
import type { Desk } from "./stay.ts";

const entry = siblingEntry("./live-entry.contract", import.meta.url);

/** A stay without a network: the test is all other members. */
class Hall implements Hub {
  readonly id;
  readonly first;
  desk: Desk = () => {};
  #heard: FromWorker[] = [];
  #listener: ((message: FromWorker) => void) | undefined;

  constructor(id: number, epoch: number) {
    const members = [peerId(0), peerId(id)];
    this.id = peerId(id);
    this.first = { epoch, members, workers: members };
  }

  attach(desk: Desk): void {
    this.desk = desk;
  }

  hear(message: FromWorker): void {
    if (this.#listener === undefined) this.#heard.push(message);
    else this.#listener(message);
    this.#listener = undefined;
  }

  /** The next message of the peer. */
  async heard(): Promise<FromWorker> {
    const message = this.#heard.shift();
    if (message !== undefined) return message;
    return await new Promise((resolve) => {
      this.#listener = resolve;
    });
  }

  /** Sends a body in shared memory to the peer, as the links do. */
  send(round: number, body: Uint8Array): void {
    const frame = new Uint8Array(new SharedArrayBuffer(FRAME_BYTES + body.length));
    const header = { kind: "test", round, attempt: 0, part: 0, epoch: this.first.epoch, sender: peerId(0) } as const;
    writeFrame(header, body, new ByteSink(frame));
    this.desk({ type: "mail", from: peerId(0), frame });
  }

  expel(): void {
    this.desk({ type: "abort", reason: crossError(new PeerLost("peer", { expected: "a member", got: "none" })) });
  }
}

interface Opened {
  readonly worker: LiveWorker<unknown>;
  readonly posts: unknown[];
  run(hall: Hall, program: StayProgram): Promise<unknown>;
}

function open(data: Opening): Opened {
  const posts: unknown[] = [];
  const worker = new LiveWorker<unknown>({ entry, seed: 1, data, onMessage: (message) => posts.push(message) });
  return { worker, posts, run: (hall, program) => worker.run(hall, program) };
}

async function echoes(hall: Hall, round: number, size: number): Promise<void> {
  const body = new Uint8Array(size).fill(round + 1);
  hall.send(round, body);
  const message = await hall.heard();
  assert.ok(message.type === "mail");
  assert.deepEqual(readFrame(message.frame).body, body);
}

test("one worker serves stay after stay, and what it opened serves all of them", async () => {
  const { worker, posts, run } = open("opens");
  await worker.ready();
  for (const stay of [1, 2, 3]) {
    const hall = new Hall(stay, stay);
    const done = run(hall, "echo");
    for (const round of [0, 1]) await echoes(hall, round, 50_000 * stay);
    hall.send(2, new Uint8Array(0));
    assert.equal(await done, stay);
  }
  await worker.close();
  assert.deepEqual(posts, [{ stay: 1, id: 1 }, { stay: 2, id: 2 }, { stay: 3, id: 3 }, "closed"]);
});

test("a stay that is over ends its program, what comes late is dropped, and the next one begins anew", async () => {
  const { worker, run } = open("opens");
  await worker.ready();
  const first = new Hall(1, 0);
  const cut = run(first, "echo");
  await echoes(first, 0, 40_000);
  first.expel();
  first.send(1, new Uint8Array(40_000)); // it crosses the abort
  await assert.rejects(cut, Aborted);
  first.send(2, new Uint8Array(40_000));
  const second = new Hall(2, 5);
  const done = run(second, "echo");
  await echoes(second, 0, 40_000);
  second.send(1, new Uint8Array(0));
  assert.equal(await done, 2);
  await worker.close();
});

test("a program that fails fails its stay and not the next", async () => {
  const { worker, run } = open("opens");
  await worker.ready();
  await assert.rejects(run(new Hall(1, 0), "fail"), /a program that fails/);
  const hall = new Hall(2, 1);
  const done = run(hall, "echo");
  hall.send(0, new Uint8Array(0));
  assert.equal(await done, 2);
  await worker.close();
});

test("messages reach the worker between stays too", async () => {
  const { worker, posts } = open("opens");
  await worker.ready();
  worker.post("leave");
  await worker.close();
  worker.post("too late");
  assert.deepEqual(posts, [{ heard: "leave" }, "closed"]);
});

test("what cannot be opened is told before any stay, and to whoever tries one", async () => {
  const { worker, run } = open("fails");
  await assert.rejects(worker.ready(), /no model like that/);
  await assert.rejects(run(new Hall(1, 0), "echo"), /no model like that/);
  await worker.close();
});

test("a thread that ends without a word ends its stay and those that would follow", async () => {
  const { worker, run } = open("opens");
  await worker.ready();
  await assert.rejects(run(new Hall(1, 0), "exit"), /exit with code 3/);
  await assert.rejects(run(new Hall(2, 1), "echo"), /exit with code 3/);
  await worker.close();
});
