import assert from "node:assert/strict";
import { test } from "node:test";
import { RunState } from "./run-state.ts";

const progress = (round: number) => ({
  round,
  seconds: round,
  batchLoss: 1,
  bytesUp: 30,
  bytesDown: 10,
  encodeMs: 0,
  decodeMs: 0,
  gradientMs: 0,
});

test("the rate is that of the last seconds, and the time left follows it", () => {
  const run = new RunState("sgd", 200);
  run.start(0);
  for (let second = 1; second <= 20; second++) run.advance(progress(second), second * 1000);
  for (let tenth = 1; tenth <= 60; tenth++) run.advance(progress(20 + tenth), 20_000 + tenth * 100);
  assert.ok(Math.abs(run.rate - 10) < 0.01);
  assert.ok(Math.abs(run.secondsLeft - 12) < 0.1);
});

test("nothing is known before the first round", () => {
  const run = new RunState("sgd", 200);
  assert.deepEqual([run.rate, run.secondsLeft, run.bytes, run.loss], [Number.NaN, Number.NaN, undefined, undefined]);
});

test("a run that is continued counts only the rounds done now", () => {
  const run = new RunState("sgd", 200);
  run.start(0);
  run.advance(progress(101), 1000);
  assert.equal(run.rate, Number.NaN);
  run.advance(progress(103), 2000);
  assert.equal(run.rate, 2);
});

test("the last evaluation stays on the screen until the next", () => {
  const run = new RunState("sgd", 200);
  run.start(0);
  run.advance({ ...progress(10), metrics: { loss: 0.5, accuracy: 0.8 } }, 100);
  run.advance(progress(11), 200);
  assert.deepEqual([run.round, run.loss, run.accuracy, run.bytes], [11, 0.5, 0.8, 40]);
});
