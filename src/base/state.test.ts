import assert from "node:assert/strict";
import { test } from "node:test";
import { CheckpointError } from "./errors.ts";
import { copyOf, prefixed, restoreInto, under } from "./state.ts";

const state = (): Map<string, Float32Array> =>
  new Map([
    ["e", Float32Array.of(1, 2)],
    ["v", Float32Array.of(3)],
  ]);

test("a copy does not change with the original, and restores it", () => {
  const live = state();
  const saved = copyOf(live);
  live.get("e")!.fill(9);
  restoreInto(live, saved, "ef21");
  assert.deepEqual(live, state());
});

test("a state of other names or lengths is refused, and nothing is written", () => {
  const live = state();
  assert.throws(() => restoreInto(live, new Map([["e", Float32Array.of(5, 5)]]), "ef21"), CheckpointError);
  const other = new Map([
    ["e", Float32Array.of(5, 5)],
    ["v", Float32Array.of(5, 5)],
  ]);
  assert.throws(() => restoreInto(live, other, "ef21"), /ef21: v: expected 1 entries, got 2/);
  assert.deepEqual(live, state());
});

test("a prefix comes off as it went on, and leaves out the states of others", () => {
  const both = new Map([...prefixed("up", state()), ...prefixed("upper", state())]);
  assert.deepEqual(under("up", both), state());
});
