import assert from "node:assert/strict";
import { test } from "node:test";
import { siblingEntry } from "./sibling-entry.ts";

test("an entry has the ending of the module that starts it", () => {
  const entry = (from: string) => siblingEntry("./train-worker", from).href;
  assert.equal(entry("file:///clone/src/runs/train.ts"), "file:///clone/src/runs/train-worker.ts");
  assert.equal(
    entry("file:///app/node_modules/x/dist/runs/train.js"),
    "file:///app/node_modules/x/dist/runs/train-worker.js",
  );
  assert.equal(entry("file:///a%20b/train.mjs?v=1"), "file:///a%20b/train-worker.mjs");
});
