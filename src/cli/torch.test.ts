import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../base/errors.ts";
import { runTorch } from "./torch.ts";

test("a Python that is not there is named, with what was expected", async () => {
  await assert.rejects(runTorch("/no/such/python", []), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /^--python: expected a Python that has torch, got "\/no\/such\/python: .*ENOENT/);
    return true;
  });
});

test("a program that answers anything but times is not taken for PyTorch", async () => {
  await assert.rejects(runTorch(process.execPath, []), ConfigError);
});
