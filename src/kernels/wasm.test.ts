import assert from "node:assert/strict";
import { test } from "node:test";
import { Arena } from "./arena.ts";
import { loadWasm } from "./wasm.ts";

test("an engine that finds the module invalid, as one without SIMD does, gets no kernels and no error", async () => {
  const arena = Arena.create()!;
  assert.equal(await loadWasm(arena, Uint8Array.of(0, 97, 115, 109, 9, 0, 0, 0)), undefined);
  assert.notEqual(await loadWasm(arena), undefined);
});
