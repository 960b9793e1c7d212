import assert from "node:assert/strict";
import { test } from "node:test";
import { megabitsPerSecond, milliseconds } from "../base/units.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import { peerId } from "../ports/view.ts";
import { ChromeTrace } from "./chrome-trace.ts";
import { symmetric } from "./link.ts";
import { simulate } from "./simulate.ts";

async function traced(): Promise<string> {
  const pieces: string[] = [];
  const story = new ChromeTrace((text) => pieces.push(text));
  const link = symmetric(megabitsPerSecond(8), milliseconds(10));
  const mangle = ({ serial, from }: { serial: number; from: number }) =>
    from === 1 && serial === 0 ? ("lose" as const) : ("deliver" as const);
  await simulate({ view: 2, seed: 1, link, mangle, trace: story.trace }, async (peer) => {
    if (peer.id === 1) {
      await peer.work("gradient", milliseconds(5), () => {});
      await peer.send(peerId(0), { kind: "up", round: 7 }, new Uint8Array(1000 - FRAME_BYTES));
    } else {
      await peer.receive(peerId(1), { kind: "up", round: 7 });
    }
  });
  story.end();
  return pieces.join("");
}

test("a trace is one JSON object in which each peer has its work, its waits and its ports, in microseconds", async () => {
  const { traceEvents } = JSON.parse(await traced());
  const slices = traceEvents
    .filter((event: { ph: string }) => event.ph === "X")
    .map(({ pid, tid, name, ts, dur }: Record<string, unknown>) => [pid, tid, name, ts, dur]);
  assert.deepEqual(slices, [
    [1, 0, "gradient", 0, 5000],
    [1, 1, "to 0", 5000, 1000],
    [1, 1, "to 0", 206_000, 1000],
    [0, 2, "from 1", 216_000, 1000],
    [0, 0, "wait", 0, 217_000],
  ]);
  const arrows = traceEvents.filter(({ ph }: { ph: string }) => ph === "s" || ph === "f");
  assert.deepEqual(
    arrows.map(({ ph, id, pid }: Record<string, unknown>) => [ph, id, pid]),
    [
      ["s", "1/0", 1],
      ["s", "1/1", 1],
      ["f", "1/1", 0],
    ],
  );
  const lost = traceEvents.find(({ ph, name }: { ph: string; name: string }) => ph === "i" && name === "lost");
  assert.deepEqual([lost.pid, lost.ts], [1, 15_000]);
  const names = traceEvents.filter(({ name }: { name: string }) => name === "process_name");
  assert.deepEqual(
    names.map(({ args }: { args: { name: string } }) => args.name),
    ["peer 1", "peer 0"],
  );
});

test("the same run is told in the same words, and a trace of nothing is whole too", async () => {
  assert.equal(await traced(), await traced());
  const pieces: string[] = [];
  new ChromeTrace((text) => pieces.push(text)).end();
  assert.deepEqual(JSON.parse(pieces.join("")), { traceEvents: [] });
});
