import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { augment } from "./augmentation.ts";
import { parseCifar } from "./cifar.ts";
import { ownMemory } from "./memory.ts";
import { openData } from "./open.ts";
import { dataErrorOnly } from "./readers.contract.ts";
import { drawShapes } from "./shapes.ts";

/** Rows whose label is `first`, `first` + 1 … and whose pixels are all that label. */
const batch = (rows: number, first: number): Uint8Array =>
  Uint8Array.from({ length: rows * 3073 }, (_, i) => first + Math.floor(i / 3073));

async function withFolder(files: Record<string, Uint8Array>, body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "thinwire-cifar-"));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("the batches of a folder are train in the order of their names, test_batch is test", () =>
  withFolder(
    {
      "data_batch_2.bin": batch(2, 5),
      "data_batch_1.bin": batch(1, 1),
      "test_batch.bin": batch(1, 9),
      "readme.html": batch(1, 0),
    },
    async (folder) => {
      const { train, test: held } = await openData(`cifar:${folder}`, { seed: 1 });
      assert.deepEqual([train.rows, train.inputShape, train.classes, held.rows], [3, [3, 32, 32], 10, 1]);
      assert.deepEqual([[...train.targets], [...held.targets]], [[1, 5, 6], [9]]);
      assert.equal(train.inputs[2 * 3072], Math.fround(6 / 255));
      await assert.rejects(openData(`cifar:${folder},test=0.5`, { seed: 1 }), ConfigError);
    },
  ));

test("a folder without test_batch is split, one without batches refused with what needs no files", async () => {
  await withFolder({ "data_batch_1.bin": batch(4, 0) }, async (folder) => {
    const { train, test: held } = await openData(`cifar:${folder},test=0.25`, { seed: 1 });
    assert.deepEqual([train.rows, held.rows], [3, 1]);
  });
  await withFolder({ "other.bin": batch(1, 0) }, (folder) =>
    assert.rejects(openData(`cifar:${folder}`, { seed: 1 }), /data_batch_1\.bin.*other\.bin.*shapes/s),
  );
});

test("any bytes are rows or a DataError", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 3 }), (files) =>
      dataErrorOnly(() => parseCifar(files, "folder", ownMemory)),
    ),
  );
  assert.throws(() => parseCifar([batch(2, 9)], "folder", ownMemory), /row 1: expected a label from 0 to 9, got 10/);
});

test("shapes are the same in every job; a longer set begins with the shorter; classes take turns", async () => {
  const [few, more] = [drawShapes(20), drawShapes(30)];
  assert.deepEqual(more.inputs.subarray(0, few.inputs.length), few.inputs);
  assert.deepEqual([...few.targets.subarray(0, 11)], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
  assert.ok(few.inputs.every((pixel) => pixel >= 0 && pixel <= 1));
  const { train, test: held } = await openData("shapes:rows=50", { seed: 3 });
  assert.deepEqual([train.rows, held.rows, train.inputShape], [40, 10, [3, 32, 32]]);
});

const shape = { channels: 2, height: 3, width: 4 };
const images = Float32Array.from({ length: 5 * 24 }, (_, i) => i + 1);
const changed = (flip: number, crop: number, name = "a") => {
  const out = new Float32Array(images.length).fill(Number.NaN);
  augment(images, shape, { flip, crop }, Random.fromSeed(1).split(name), out);
  return out;
};

test("without flips and crops images stay as they are, and certain flips mirror every line", () => {
  assert.deepEqual(changed(0, 0), images);
  const lines = Array.from({ length: images.length / 4 }, (_, i) => [...images.subarray(4 * i, 4 * i + 4)].reverse());
  assert.deepEqual([...changed(1, 0)], lines.flat());
});

test("a crop moves the whole image, and all its channels the same way", () => {
  const out = changed(0, 1);
  for (let row = 0; row < 5; row++) {
    const seen = [0, 1].map((c) => [...out.subarray((2 * row + c) * 12, (2 * row + c + 1) * 12)]);
    const offsets = new Set(
      seen.flatMap((plane, c) =>
        plane.flatMap((pixel, i) => (pixel === 0 ? [] : [pixel - 1 - ((2 * row + c) * 12 + i)])),
      ),
    );
    assert.equal(offsets.size, 1, `row ${row} moved by ${[...offsets]}`);
    assert.ok(seen.flat().some((pixel) => pixel > 0));
  }
});

test("the same draws change images the same way, others another way", () => {
  assert.deepEqual(changed(0.5, 2), changed(0.5, 2));
  assert.notDeepEqual(changed(0.5, 2), changed(0.5, 2, "b"));
});
