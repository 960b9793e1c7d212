import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FakeWorld } from "../testing/fake-world.ts";
import { Terminal } from "../testing/terminal.ts";
import { LiveScreen } from "./live-screen.ts";
import { RunState } from "./run-state.ts";

const totals = { bytesUp: 700_000, bytesDown: 500_000, encodeMs: 0, decodeMs: 0, gradientMs: 0 };

function opened(columns: number, names = ["sgd", "double-squeeze/sign"], rows = 24) {
  const world = new FakeWorld();
  const terminal = new Terminal(columns, rows);
  const runs = names.map((name) => new RunState(name, 300));
  const screen = new LiveScreen(world, terminal, runs);
  const advance = (run: RunState, round: number) => {
    if (run.status === "waiting") run.start(world.time);
    run.advance({ ...totals, round, seconds: round, batchLoss: 1 }, world.time);
    screen.update();
  };
  return { world, terminal, runs, screen, advance };
}

test("the lines are drawn in place: after many updates there is one line a run", () => {
  const { world, terminal, runs, screen, advance } = opened(80);
  for (let round = 1; round <= 50; round++) {
    world.pass(60);
    advance(runs[0]!, round);
  }
  screen.close();
  const [header, first, second, ...rest] = terminal.screen;
  assert.match(header!, /^run +round/);
  assert.match(first!, /^sgd .* 50\/300/);
  assert.match(second!, /^double-squeeze\/sign .* 0\/300/);
  assert.deepEqual(rest, []);
});

test("a line that is said stays above the bars", () => {
  const { terminal, runs, screen, advance } = opened(80);
  advance(runs[0]!, 1);
  screen.say("stopping after this round");
  advance(runs[0]!, 2);
  screen.close();
  screen.say("done");
  assert.equal(terminal.screen[0], "stopping after this round");
  assert.equal(terminal.screen.at(-1), "done");
  assert.equal(terminal.screen.length, 5);
});

test("the screen is drawn at most ten times a second, and the last state is always shown", () => {
  const { world, terminal, runs, screen, advance } = opened(80);
  const drawings = () => terminal.raw.split("rounds/s").length + terminal.raw.split("accuracy").length;
  const before = drawings();
  for (let ms = 0; ms < 1000; ms++) {
    world.pass(1);
    advance(runs[0]!, ms);
  }
  assert.ok(drawings() - before <= 2 * 11, `${drawings() - before} drawings in a second`);
  world.pass(100);
  assert.ok(terminal.screen[1]?.includes("999/300"));
  screen.close();
  assert.equal(world.timers, 0);
});

test("the cursor is hidden while the bars move and back at the end, and nobody listens to the terminal any more", () => {
  const { terminal, runs, screen, advance } = opened(80);
  advance(runs[0]!, 1);
  assert.equal(terminal.cursorVisible, false);
  assert.equal(terminal.listeners, 1);
  screen.close();
  assert.equal(terminal.cursorVisible, true);
  assert.equal(terminal.listeners, 0);
});

test("a screen on which nothing happened stays empty", () => {
  const { terminal, screen } = opened(80);
  screen.close();
  assert.deepEqual(terminal.screen, []);
});

test("no line breaks at any width", () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 200 }), (columns) => {
      const { terminal, runs, screen, advance } = opened(columns);
      advance(runs[0]!, 7);
      screen.say("a line of several words that may be longer than the terminal is wide");
      screen.close();
      assert.equal(terminal.broken, 0);
    }),
  );
});

test("a terminal that changes its width shows no remains of the old lines", () => {
  const sizes = fc.array(fc.integer({ min: 20, max: 120 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(sizes, (widths) => {
      const { world, terminal, runs, screen, advance } = opened(100);
      advance(runs[0]!, 1);
      for (const [i, width] of widths.entries()) {
        terminal.resize(width);
        world.pass(150);
        advance(runs[0]!, i + 2);
      }
      screen.close();
      assert.equal(terminal.screen.length, 3);
    }),
  );
});

test("more runs than rows: the one that runs is in sight", () => {
  const names = Array.from({ length: 30 }, (_, i) => `run-${i}`);
  const { terminal, runs, screen, advance } = opened(80, names, 10);
  advance(runs[20]!, 1);
  screen.close();
  assert.equal(terminal.screen.length, 9);
  assert.ok(terminal.screen.some((line) => line.startsWith("run-20 ")));
});
