import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exported } from "../../runs/export.ts";
import { runCommandLine } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { FakeWorld, pretend } from "../testing/fake-world.ts";

async function exported(...args: string[]) {
  const calls: unknown[][] = [];
  const exportModel = async (from: string, to: string, rows?: number): Promise<Exported> => {
    calls.push([from, to, rows]);
    const [model, paramsHash] = ["mlp:32", "cd".repeat(32)];
    return {
      path: to,
      bytes: 10_000,
      model,
      parameters: 2410,
      round: 1,
      rows: rows ?? null,
      inputShape: [8, 8],
      paramsHash,
    };
  };
  const world = new FakeWorld(pretend(), { exportModel });
  const code = await runCommandLine(["export", ...args], world, "1.2.3");
  return { code, calls, out: world.out, err: world.stderr.text };
}

test("export writes beside the checkpoints, and tells what the file takes", async () => {
  const { code, calls, out } = await exported("runs/a");
  assert.equal(code, EXIT.done);
  assert.deepEqual(calls, [["runs/a", "runs/a/model.onnx", undefined]]);
  assert.match(out.text, /^runs\/a\/model\.onnx: 10\.0 kB$/m);
  assert.match(out.text, /^mlp:32 of 2,410 parameters after 1 round$/m);
  assert.match(out.text, /any number of rows x 8 x 8/);
});

test("--out and --rows are passed on, --json prints what was written", async () => {
  const { calls, out } = await exported("runs/a", "--out", "m.onnx", "--rows", "4", "--json");
  assert.deepEqual(calls, [["runs/a", "m.onnx", 4]]);
  assert.equal(JSON.parse(out.text).rows, 4);
});

test("a number of rows that is none is refused", async () => {
  const { code, calls, err } = await exported("runs/a", "--rows", "none");
  assert.deepEqual([code, calls], [EXIT.usage, []]);
  assert.match(err, /--rows/);
});
