import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DataError } from "../base/errors.ts";
import { idxDataset, parseIdx } from "./idx.ts";
import { dataErrorOnly } from "./readers.contract.ts";

/** An IDX file of unsigned bytes. */
function idxFile(shape: readonly number[], values: ArrayLike<number>): Uint8Array {
  const file = new Uint8Array(4 + 4 * shape.length + values.length);
  file.set([0, 0, 8, shape.length]);
  for (const [i, n] of shape.entries()) new DataView(file.buffer).setUint32(4 + 4 * i, n);
  file.set(values, 4 + 4 * shape.length);
  return file;
}

const complains = (bytes: Uint8Array, about: RegExp): void => {
  assert.throws(
    () => parseIdx(bytes, "f"),
    (error) => error instanceof DataError && about.test(error.message),
  );
};

test("a tensor is read with its shape and its bytes in file order", () => {
  const { shape, values } = parseIdx(idxFile([2, 3], [1, 2, 3, 4, 5, 6]), "f");
  assert.deepEqual(shape, [2, 3]);
  assert.deepEqual([...values], [1, 2, 3, 4, 5, 6]);
});

test("a file that is not one whole tensor of bytes is refused, and the error says where and why", () => {
  complains(new Uint8Array(), /f, byte 0: expected the magic number .* got "an empty file"/);
  complains(Uint8Array.of(31, 139, 8, 0), /got "1f 8b 08 00"/);
  complains(Uint8Array.of(0, 0, 13, 1, 0, 0, 0, 0), /byte 2: expected unsigned bytes \(type 08\), got "type 0d"/);
  complains(Uint8Array.of(0, 0, 8, 0), /byte 3: expected 1 to 8 dimensions, got 0/);
  complains(Uint8Array.of(0, 0, 8, 200), /got 200/);
  complains(Uint8Array.of(0, 0, 8, 3, 0, 0), /a header of 16 bytes, got "6 bytes"/);
  complains(idxFile([2, 3], [1, 2, 3, 4, 5]), /18 bytes for the shape \[2, 3\], got "17 bytes"/);
  complains(idxFile([2, 3], [1, 2, 3, 4, 5, 6, 7]), /got "19 bytes"/);
  complains(idxFile(Array(8).fill(0xffffffff), [1]), /for the shape/);
});

test("images and labels become a data set with pixels from 0 to 1", () => {
  const images = parseIdx(idxFile([2, 1, 2], [0, 255, 51, 102]), "images");
  const labels = parseIdx(idxFile([2], [1, 0]), "labels");
  const data = idxDataset("tiny", images, labels, "images");
  assert.deepEqual(
    { ...data, inputs: [...data.inputs], targets: [...data.targets] },
    {
      name: "tiny",
      rows: 2,
      inputShape: [1, 2],
      inputs: [0, 1, Math.fround(0.2), Math.fround(0.4)],
      targets: [1, 0],
      classes: 2,
    },
  );
});

test("images and labels that do not belong together are refused", () => {
  const images = parseIdx(idxFile([2, 2], [0, 1, 2, 3]), "images");
  const joins = (labels: Uint8Array, about: RegExp): void =>
    assert.throws(() => idxDataset("x", images, parseIdx(labels, "labels"), "images"), about);
  joins(idxFile([3], [0, 1, 0]), /expected 2 labels, one an image, got "\[3\]"/);
  joins(idxFile([2, 1], [0, 1]), /one an image/);
  joins(idxFile([2], [0, 0]), /at least two different labels/);
  assert.throws(() => idxDataset("x", parseIdx(idxFile([0, 4], []), "i"), images, "i"), /none of them 0/);
});

test("any bytes give a tensor or a DataError", () => {
  const whole = idxFile([2, 3], [1, 2, 3, 4, 5, 6]);
  const damaged = fc.tuple(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length)).map(([at, byte, length]) => {
    const file = Uint8Array.from(whole);
    file[at] = byte;
    return file.subarray(0, length);
  });
  fc.assert(fc.property(fc.oneof(damaged, fc.uint8Array()), (bytes) => dataErrorOnly(() => parseIdx(bytes, "f"))));
});
