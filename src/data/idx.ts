/**
 * IDX, the format of MNIST and its kin: a magic number, big-endian dimensions, then bytes.
 * @see LeCun, Cortes & Burges, "The MNIST database of handwritten digits"
 */
import { DataError } from "../base/errors.ts";
import type { Dataset } from "../ports/dataset.ts";
import { LIMITS } from "./limits.ts";
import { type Memory, ownMemory } from "./memory.ts";

const UNSIGNED_BYTES = 0x08;

export interface IdxTensor {
  readonly shape: readonly number[];
  /** Product of the shape entries; a view of the file. */
  readonly values: Uint8Array;
}

/**
 * @param bytes the file, gzip taken off
 * @param where names the file in errors
 * @throws {DataError} unless the file is exactly one tensor of unsigned bytes
 */
export function parseIdx(bytes: Uint8Array, where: string): IdxTensor {
  const [zero, alsoZero, type, dimensions] = bytes;
  if (zero !== 0 || alsoZero !== 0 || type === undefined || dimensions === undefined) {
    const got = bytes.length === 0 ? "an empty file" : hex(bytes.subarray(0, 4));
    throw new DataError(`${where}, byte 0`, { expected: "the magic number 00 00 08 of IDX", got });
  }
  if (type !== UNSIGNED_BYTES) {
    throw new DataError(`${where}, byte 2`, { expected: "unsigned bytes (type 08)", got: `type ${hex([type])}` });
  }
  if (dimensions < 1 || dimensions > LIMITS.dimensions) {
    throw new DataError(`${where}, byte 3`, { expected: `1 to ${LIMITS.dimensions} dimensions`, got: dimensions });
  }
  const header = 4 + 4 * dimensions;
  if (bytes.length < header) throw cutShort(where, `a header of ${header} bytes`, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((product, n) => product * n, 1); // a huge product only loses digits, never its size
  if (header + size !== bytes.length) {
    throw cutShort(where, `${header + size} bytes for the shape [${shape.join(", ")}]`, bytes.length);
  }
  return { shape, values: bytes.subarray(header) };
}

/**
 * Joins a tensor of images [rows, …] and one of labels [rows]; pixels become 0 … 1 in f32.
 * @throws {DataError} if the two do not belong together
 */
export function idxDataset(
  name: string,
  images: IdxTensor,
  labels: IdxTensor,
  where: string,
  memory: Memory = ownMemory,
): Dataset {
  const [rows, ...inputShape] = images.shape;
  if (rows === undefined || images.values.length === 0 || inputShape.length === 0) {
    throw new DataError(where, {
      expected: "images of the shape [rows, …], none of them 0",
      got: `[${images.shape.join(", ")}]`,
    });
  }
  if (labels.shape.length !== 1 || labels.shape[0] !== rows) {
    const hint = "Do the two files belong together?";
    throw new DataError(where, { expected: `${rows} labels, one an image`, got: `[${labels.shape.join(", ")}]`, hint });
  }
  if (images.values.length > LIMITS.entries) {
    throw new DataError(where, { expected: `at most ${LIMITS.entries} pixels in all`, got: images.values.length });
  }
  const classes = labels.values.reduce((most, label) => Math.max(most, label), 0) + 1;
  if (classes < 2) throw new DataError(where, { expected: "at least two different labels", got: "only 0" });
  const targets = memory.ints(rows);
  targets.set(labels.values);
  return { name, rows, inputShape, inputs: brightness(images.values, memory), targets, classes };
}

function brightness(pixels: Uint8Array, memory: Memory): Float32Array {
  const inputs = memory.floats(pixels.length); // a loop: `from` with a function takes ten times as long
  for (let i = 0; i < pixels.length; i++) inputs[i] = pixels[i]! / 255;
  return inputs;
}

const cutShort = (where: string, expected: string, length: number): DataError =>
  new DataError(where, { expected, got: `${length} bytes`, hint: "The file is damaged: fetch it again." });

const hex = (bytes: Iterable<number>): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join(" ");
