/**
 * safetensors: named tensors in one file that other programs read. Eight bytes with the header's length, a JSON header
 * { name: { dtype, shape, data_offsets } }, then the data, little-endian. Here every tensor is F32.
 * @see https://github.com/huggingface/safetensors (format)
 */
import { CheckpointError } from "../base/errors.ts";

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const MAX_HEADER_BYTES = 100_000_000;
const METADATA = "__metadata__";

/** @param metadata free text pairs for readers */
export function writeSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { [METADATA]: metadata };
  let offset = 0;
  for (const { name, shape, values } of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + 4 * values.length] };
    offset += 4 * values.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8; // so that the data is aligned in a mapped file
  const file = new Uint8Array(8 + padded + offset);
  const view = new DataView(file.buffer);
  view.setBigUint64(0, BigInt(padded), true);
  file.set(json, 8);
  file.fill(0x20, 8 + json.length, 8 + padded);
  let position = 8 + padded;
  for (const { values } of tensors) {
    for (let i = 0; i < values.length; i++, position += 4) view.setFloat32(position, values[i]!, true);
  }
  return file;
}

/** @param where names the file in errors @throws {CheckpointError} for anything that is not a whole safetensors file of F32 */
export function readSafetensors(
  file: Uint8Array,
  where: string,
): { tensors: NamedTensor[]; metadata: Record<string, string> } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const bad = (expected: string, got?: unknown) =>
    new CheckpointError(where, { expected, ...(got === undefined ? {} : { got }), hint: "The file is not usable." });
  if (file.length < 8) throw bad("a safetensors file", `${file.length} bytes`);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > MAX_HEADER_BYTES || headerLength > file.length - 8) {
    throw bad(`a header of at most ${Math.min(MAX_HEADER_BYTES, file.length - 8)} bytes`, headerLength);
  }
  const header = parseHeader(file.subarray(8, 8 + headerLength), bad);
  const start = 8 + headerLength;
  const tensors: NamedTensor[] = [];
  let metadata: Record<string, string> = {};
  let end = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === METADATA) {
      metadata = isRecord(entry) ? Object.fromEntries(Object.entries(entry).map(([k, v]) => [k, String(v)])) : {};
      continue;
    }
    const { shape, from, to } = checkEntry(name, entry, file.length - start, bad);
    const values = new Float32Array((to - from) / 4);
    for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(start + from + 4 * i, true);
    tensors.push({ name, shape, values });
    end = Math.max(end, to);
  }
  if (start + end !== file.length) throw bad(`${start + end} bytes`, file.length);
  return { tensors, metadata };
}

type Complain = (expected: string, got?: unknown) => CheckpointError;

function parseHeader(bytes: Uint8Array, bad: Complain): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw bad("a JSON header");
  }
  if (!isRecord(header)) throw bad("a JSON object as header");
  return header;
}

function checkEntry(
  name: string,
  entry: unknown,
  available: number,
  bad: Complain,
): { shape: number[]; from: number; to: number } {
  if (!isRecord(entry) || entry.dtype !== "F32") throw bad(`tensor ${name} of dtype F32`);
  const { shape, data_offsets: offsets } = entry;
  if (!isCounts(shape)) throw bad(`tensor ${name} with a shape of whole numbers`);
  if (!isCounts(offsets) || offsets.length !== 2) throw bad(`tensor ${name} with two offsets`);
  const [from, to] = [offsets[0]!, offsets[1]!];
  const entries = shape.reduce((product, n) => product * n, 1);
  if (from > to || to > available || to - from !== 4 * entries) {
    throw bad(`tensor ${name} of ${entries} entries inside ${available} bytes`, `bytes ${from} to ${to}`);
  }
  return { shape, from, to };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
