import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { visibleLength } from "./live-screen.ts";
import { progressLines } from "./progress-lines.ts";
import { RunState, type RunStatus, STATUS_WORDS } from "./run-state.ts";

const plain = { blocks: false, colours: false };
const totals = { bytesUp: 700_000, bytesDown: 500_000, encodeMs: 0, decodeMs: 0, gradientMs: 0 };

function running(name: string, round: number, rounds: number): RunState {
  const run = new RunState(name, rounds);
  run.start(0);
  run.advance({ ...totals, round: 0, seconds: 0, batchLoss: 2 }, 0);
  run.advance({ ...totals, round, seconds: 1, batchLoss: 2, metrics: { loss: 0.213, accuracy: 0.942 } }, 10_000);
  return run;
}

test("a wide terminal shows bar, round, loss, accuracy, bytes, rate and time left", () => {
  const run = running("double-squeeze/sign", 120, 300);
  assert.deepEqual(progressLines([run, new RunState("sgd", 300)], 100, plain), [
    "run                                            round     loss  accuracy    bytes  rounds/s      left",
    "double-squeeze/sign  ########--------------  120/300    0.213    94.2 %   1.2 MB      12.0      0:15",
    "sgd                  ----------------------    0/300        –         –        –         –   waiting",
  ]);
});

test("a single run needs no name", () => {
  const [header, line] = progressLines([running("sgd", 150, 300)], 60, plain);
  assert.ok(!header?.includes("run "));
  assert.match(line!, /^#+-+ +150\/300/);
});

test("fields go one by one as the terminal narrows, the round last", () => {
  const run = running("sgd", 120, 300);
  const headers = (width: number) => progressLines([run], width, plain)[0]!.trim();
  assert.match(headers(79), /^round +loss +accuracy +bytes +rounds\/s +left$/);
  assert.match(headers(55), /^round +loss +accuracy +bytes +left$/);
  assert.match(headers(45), /^round +accuracy +bytes +left$/);
  assert.match(headers(30), /^round +accuracy +bytes$/);
  assert.match(headers(20), /^round +accuracy$/);
  assert.match(headers(10), /^round$/);
});

test("no line is longer than the terminal, with any runs in any state", () => {
  const statuses = Object.keys(STATUS_WORDS).filter((word): word is RunStatus => word in STATUS_WORDS);
  const run = fc
    .record({
      name: fc.string({ minLength: 1, maxLength: 60, unit: "grapheme-ascii" }),
      round: fc.nat(2e9),
      status: fc.constantFrom(...statuses),
    })
    .map(({ name, round, status }) => Object.assign(running(name, round, 2e9), { status }));
  const looks = fc.record({ blocks: fc.boolean(), colours: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(run, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 200 }),
      looks,
      (runs, width, look) => {
        const lines = progressLines(runs, width, look);
        assert.equal(lines.length, runs.length + 1);
        for (const line of lines) assert.ok(visibleLength(line) <= width);
        assert.equal(new Set(lines.map(visibleLength)).size, 1);
      },
    ),
  );
});
