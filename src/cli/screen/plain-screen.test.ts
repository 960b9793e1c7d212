import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeWorld, Pipe } from "../testing/fake-world.ts";
import { redrawable } from "./open-screen.ts";
import { PlainScreen } from "./plain-screen.ts";
import { RunState } from "./run-state.ts";

const totals = { bytesUp: 700_000, bytesDown: 500_000, encodeMs: 0, decodeMs: 0, gradientMs: 0 };

test("a line at evaluations, at most one a second, and one at the end", () => {
  const world = new FakeWorld();
  const pipe = new Pipe();
  const screen = new PlainScreen(world, pipe);
  const run = new RunState("sgd", 40);
  run.start(0);
  for (let round = 1; round <= 40; round++) {
    world.pass(100);
    const metrics = round % 5 === 0 ? { metrics: { loss: 0.5, accuracy: 0.9 } } : {};
    run.advance({ ...totals, round, seconds: round / 10, batchLoss: 1, ...metrics }, world.now());
    screen.update(run, "metrics" in metrics);
  }
  run.status = "target";
  screen.update(run, true);
  screen.update(run, true);
  assert.deepEqual(
    pipe.lines.map((line) => /round (\d+)/.exec(line)?.[1]),
    ["5", "15", "25", "35", "40"],
  );
  assert.equal(pipe.lines.at(-1), "sgd  round 40/40  loss 0.500  accuracy 90.0 %  1.2 MB  4.0 s  [reached]");
});

test("a hash of the parameters stands in the line of its round alone", () => {
  const world = new FakeWorld();
  const pipe = new Pipe();
  const screen = new PlainScreen(world, pipe);
  const run = new RunState("sgd", 20);
  run.start(0);
  for (const round of [5, 10, 12]) {
    const hash = round === 12 ? {} : { paramsHash: `${round}abcdef0123456789`.padEnd(64, "0") };
    world.pass(2000);
    run.advance({ ...totals, round, seconds: 1, batchLoss: 1, ...hash }, world.now());
    screen.update(run, true);
  }
  assert.deepEqual(
    pipe.lines.map((line) => /parameters (\w+)$/.exec(line)?.[1]),
    ["5abcdef01234", "10abcdef0123", undefined],
  );
});

test("only a terminal that a person watches is redrawn", () => {
  const terminal = { isTTY: true, write: () => {} };
  assert.equal(redrawable(terminal, {}), true);
  assert.equal(redrawable({ write: () => {} }, {}), false);
  for (const env of [{ CI: "true" }, { NO_COLOR: "1" }, { TERM: "dumb" }])
    assert.equal(redrawable(terminal, env), false);
});
