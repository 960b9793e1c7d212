import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, seconds } from "../base/units.ts";
import { peerId } from "../ports/view.ts";
import { RecordingMeter, total } from "./recording-meter.ts";

test("bytes add up by link and direction, time by label, and a snapshot stays as it is", () => {
  const meter = new RecordingMeter();
  for (const [to, size] of [
    [1, 30],
    [2, 40],
    [1, 5],
  ] as const)
    meter.sent(peerId(to), bytes(size));
  meter.received(peerId(1), bytes(7));
  meter.spent("encode", seconds(0.5));
  meter.spent("encode", seconds(0.25));
  const snapshot = meter.totals();
  meter.sent(peerId(1), bytes(1000));
  assert.deepEqual(snapshot, {
    sent: new Map([
      [1, 35],
      [2, 40],
    ]),
    received: new Map([[1, 7]]),
    spent: new Map([["encode", 0.75]]),
  });
  assert.equal(total(snapshot.sent), 75);
});
