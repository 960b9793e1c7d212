import assert from "node:assert/strict";
import { test } from "node:test";
import { torchRates, torchTaskOf } from "./torch-tasks.ts";

const task = (compressor: string, entries = 2048) => torchTaskOf(compressor, entries, 5);

test("PyTorch is given what the spec says", () => {
  assert.deepEqual(task("sign"), { kind: "sign", scaled: true, entries: 2048, repeats: 5 });
  assert.deepEqual(task("sign:scale=none"), { kind: "sign", scaled: false, entries: 2048, repeats: 5 });
  assert.deepEqual(task("top-k:0.01"), { kind: "top-k", entries: 2048, kept: 20, repeats: 5 });
  assert.deepEqual(task("top-k:1.0"), { kind: "top-k", entries: 2048, kept: 2048, repeats: 5 });
  assert.deepEqual(task("top-k:3"), { kind: "top-k", entries: 2048, kept: 3, repeats: 5 });
  const qsgd = { kind: "qsgd", bucket: 512, levels: 7, norm: "max", entries: 2048, repeats: 5 };
  assert.deepEqual(task("qsgd:levels=7,bucket=512,norm=max,code=fixed"), qsgd);
  assert.deepEqual(task("cgx:bits=4,bucket=1024"), {
    kind: "cgx",
    bucket: 1024,
    levels: 15,
    entries: 2048,
    repeats: 5,
  });
});

test("entries that do not fill the last bucket are left out", () => {
  assert.equal(task("sign", 2047)?.entries, 2040);
  assert.equal(task("qsgd:levels=7,bucket=512,norm=max,code=fixed", 2047)?.entries, 1536);
});

test("PyTorch is not compared with what it would not do alike", () => {
  for (const spec of [
    "identity",
    "qsgd:levels=100,bucket=512,code=fixed",
    "qsgd:levels=7,bucket=512",
    "top-k:0.01+natural",
    "natural:entropy=range",
  ]) {
    assert.equal(task(spec), undefined, spec);
  }
});

test("rates stand beside the rows they belong to", async () => {
  const rows = ["identity", "top-k:0.01", "unheard-of", "sign"].map((compressor) => ({ compressor }));
  const rates = await torchRates(async (_, tasks) => tasks.map((_, i) => 1e-6 * (i + 1)), "python3", rows, 1000, 3);
  assert.deepEqual(rates, [undefined, 4, undefined, 2]);
});
