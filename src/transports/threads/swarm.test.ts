import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { Aborted, ConfigError, PeerLost } from "../../base/errors.ts";
import { megabitsPerSecond, milliseconds, type Seconds, seconds } from "../../base/units.ts";
import { peerContract } from "../../ports/peer.contract.ts";
import { peerId } from "../../ports/view.ts";
import { type Swarm, startThreads, type ThreadsOptions } from "./index.ts";
import type { TestData } from "./test-entry.contract.ts";

const entry = new URL("./test-entry.contract.ts", import.meta.url);

type Rest = Partial<Omit<ThreadsOptions, "entry" | "data" | "view">>;

function start<T>(peers: number, data: TestData, rest: Rest = {}): Swarm<T> {
  const members = Array.from({ length: peers }, (_, id) => peerId(id));
  return startThreads<T>({ entry, data, view: { epoch: 0, members, workers: members }, seed: 1, ...rest });
}

peerContract("threads", (contract, { peers, ...rest }) => start<unknown>(peers, { contract }, rest).done);

test("results come in rank order, whoever ends first", async () => {
  assert.deepEqual(await start<number>(3, { program: "rank" }).done, [0, 1, 2]);
});

test("the error of a program crosses with its class and cause, and the others lose the peer", async () => {
  const swarm = start<string>(3, { program: "fail" });
  await assert.rejects(swarm.done, (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual([error.where, error.expected, error.got], ["test program", "nothing", 2]);
    assert.ok(error.cause instanceof Error && error.cause.message === "deeper");
    return true;
  });
  for (const outcome of (await swarm.settled).slice(0, 2)) {
    assert.ok(outcome.status === "fulfilled");
    assert.match(outcome.value, /^PeerLost: .*peer 2 is gone: its program failed: test program: expected nothing/);
  }
});

test("a thread that exits without a word is lost to the others once its mail has come", async () => {
  const slow = { up: megabitsPerSecond(1), down: megabitsPerSecond(1), latency: milliseconds(30) };
  for (const wires of [{}, { link: slow }]) {
    const swarm = start<string>(3, { program: "exit" }, wires);
    const [first, second, exited] = await swarm.settled;
    for (const outcome of [first, second]) {
      assert.ok(outcome?.status === "fulfilled");
      assert.match(outcome.value, /^7, then PeerLost: .*peer 2 is gone: its thread exited with code 3/);
    }
    assert.ok(exited?.status === "rejected" && exited.reason instanceof PeerLost);
    await assert.rejects(swarm.done, PeerLost);
  }
});

test("an entry that cannot be loaded fails the run", async () => {
  const members = [peerId(0)];
  const missing = new URL("./no-such-module.ts", import.meta.url);
  const swarm = startThreads({ entry: missing, view: { epoch: 0, members, workers: members }, seed: 1 });
  await assert.rejects(swarm.done, /no-such-module/);
});

test("an abort reaches a program that never waits, and its finally blocks run", async () => {
  const abort = new AbortController();
  const swarm = start<never>(1, { program: "busy" }, { signal: abort.signal });
  const said: unknown[] = [];
  swarm.onMessage((id, message) => said.push([id, message]));
  setTimeout(() => abort.abort(new RangeError("enough")), 5);
  await assert.rejects(swarm.done, (error) => {
    assert.ok(error instanceof Aborted);
    assert.ok(error.cause instanceof Error && error.cause.message === "enough");
    return true;
  });
  assert.deepEqual(said, [[0, "released"]]);
});

test("a thread that does not end in time is named and given up", async () => {
  const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
  const swarm = start<string>(1, { program: "leak" }, { grace: milliseconds(20) });
  assert.deepEqual(await swarm.done, ["done"]);
  assert.match((await warned).message, /thread of peer 0: expected its end within 20 ms after its program returned/);
});

test("the swarm and its programs talk beside the mail", async () => {
  const swarm = start<string>(2, { program: "talk" });
  const said: unknown[] = [];
  swarm.onMessage((id, message) => {
    said.push([id, message]);
    swarm.post(id, "stop");
  });
  for (const id of [0, 1]) swarm.post(peerId(id), { question: id });
  assert.deepEqual(await swarm.done, ["peer 0 stopped", "peer 1 stopped"]);
  assert.deepEqual(
    said.sort((a, b) => String(a).localeCompare(String(b))),
    [0, 1].map((id) => [id, { from: id, echo: { question: id } }]),
  );
});

test("a view of a large buffer crosses without the rest of the buffer", async () => {
  const swarm = start<Float32Array>(1, { program: "view" });
  let posted = 0;
  swarm.onMessage((_, message) => {
    posted = (message as { view: Float32Array }).view.buffer.byteLength; // what the program posts
  });
  const [result] = await swarm.done;
  assert.deepEqual([posted, result?.buffer.byteLength], [16, 16]);
  assert.deepEqual([...(result ?? [])], [0.5, 0.5, 0.5, 0.5]);
});

test("a damaged frame is dropped as if the wire had lost it", async () => {
  let seen = 0;
  const drops: unknown[] = [];
  const tamper = (frame: Uint8Array) => {
    seen += 1;
    if (seen === 2) frame[30_000]! ^= 1;
  };
  const swarm = start<readonly number[]>(2, { program: "damaged" }, { tamper, onDrop: (drop) => drops.push(drop) });
  assert.deepEqual((await swarm.done)[1], [0]);
  assert.deepEqual(drops, [{ from: 0, to: 1, why: "corrupt" }]);
});

test("bodies far beyond the queue's room all arrive, blocks and copies alike", async () => {
  // 24 MB of small frames, 90 MB of large ones that come back and 90 MB of large ones that do not.
  for (const [program, size, rounds] of [
    ["broadcast", 12_000, 1000],
    ["broadcast", 1_500_000, 30],
    ["hoard", 1_500_000, 30],
  ] as const) {
    const intact = await start<number>(3, { program, size, rounds }).done;
    assert.deepEqual(intact, [0, rounds, rounds]);
  }
});

test("peers that set themselves up for different times go on together, and wait for none that has ended", async () => {
  const order: unknown[] = [];
  const swarm = start<string>(3, { program: "gatherUp" });
  swarm.onMessage((id, message) => order.push([id, message]));
  assert.deepEqual(await swarm.done, ["on", "on", "ended"]);
  const on = order.findIndex((entry) => JSON.stringify(entry).includes("on"));
  assert.deepEqual(
    order.slice(0, on).sort(),
    [
      [0, "there"],
      [1, "there"],
    ],
    "nobody went on before all were there",
  );
});

test("paced frames are never early", async () => {
  const link = { up: megabitsPerSecond(8), down: megabitsPerSecond(8), latency: milliseconds(2) };
  const took = await start<Seconds>(2, { program: "pingPong", size: 976, rounds: 5 }, { link }).done;
  assert.ok(took[0]! >= 5 * 2 * 0.003 - 1e-6, `${took[0]} s`); // twice 2 ms of latency and 1 ms through the ports
});

test("a link that is none is refused", () => {
  const link = { up: megabitsPerSecond(0), down: megabitsPerSecond(8), latency: seconds(0) };
  assert.throws(() => start(2, { program: "rank" }, { link }), ConfigError);
});

test("a process whose run is over ends by itself, though frames were still on their way", async () => {
  const program = `
    const { startThreads } = await import(${JSON.stringify(new URL("./index.ts", import.meta.url).href)});
    const entry = new URL(${JSON.stringify(entry.href)});
    const view = { epoch: 0, members: [0, 1], workers: [0, 1] };
    const link = { up: 1, down: 1, latency: 0 }; // they would take hours
    console.log(await startThreads({ entry, view, seed: 1, link, data: { program: "leave" } }).done);`;
  const args = ["--input-type=module", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
  assert.equal(stdout, "[ 'left', 'left' ]\n");
});
