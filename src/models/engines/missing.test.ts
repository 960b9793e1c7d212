import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

/** Makes onnxruntime-node a package that is not installed. */
const WITHOUT = `
import { registerHooks } from "node:module";
registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "onnxruntime-node") throw new Error("Cannot find package 'onnxruntime-node'");
    return next(specifier, context);
  },
});
`;

const opening = (engine: string): string => `
const { openModel } = await import(${JSON.stringify(new URL("../open.ts", import.meta.url).href)});
const lines = [];
const data = { inputShape: [4], classes: 2 };
const model = await openModel("mlp:3", data, { batch: 2, engine: "${engine}", onWarning: (line) => lines.push(line) })
  .catch((error) => ({ engine: error.message, close() {} }));
console.log(JSON.stringify({ engine: model.engine, lines }));
await model.close();
`;

async function openWithout(engine: string): Promise<{ engine: string; lines: string[] }> {
  const hook = `data:text/javascript,${encodeURIComponent(WITHOUT)}`;
  const args = ["--import", hook, "--input-type=module", "--eval", opening(engine)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

test("without ONNX Runtime, auto takes jax-js and says so in one line; ort says what to install", async () => {
  const { engine, lines } = await openWithout("auto");
  assert.equal(engine, "jax-js wasm");
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /jax-js wasm.*slower.*onnxruntime-node/);
  assert.match((await openWithout("ort")).engine, /onnxruntime-node.*npm install onnxruntime-node.*jax engine/s);
});
