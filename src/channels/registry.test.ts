import assert from "node:assert/strict";
import { test } from "node:test";
import { topK } from "../compressors/top-k.ts";
import { channels } from "./registry.ts";

test("each channel is listed under the name that its instances carry", () => {
  for (const [name, entry] of channels) assert.equal(entry.build(topK(2)).name, `${name}(top-k:2)`);
});
