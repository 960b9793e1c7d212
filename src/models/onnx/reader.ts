/**
 * The Protocol Buffers wire format, reading: fields in the order of the bytes. Total: any bytes give fields or one error.
 * @see https://protobuf.dev/programming-guides/encoding
 */
import { ModelError } from "../../base/errors.ts";

export interface Field {
  readonly number: number;
  /** Of a varint the signed value, else 0. Beyond 2⁵³ it loses digits, never its size. */
  readonly integer: number;
  /** Of a field with a length its bytes, of 4 or 8 fixed bytes these; else none. A view of the file. */
  readonly bytes: Uint8Array;
}

const NONE = new Uint8Array();
const decoder = new TextDecoder();

/**
 * The fields of one message.
 * @param where names the file in errors
 * @throws {ModelError} if the bytes are no message
 */
export function* fieldsOf(message: Uint8Array, where: string): Generator<Field, undefined> {
  let at = 0;
  while (at < message.length) {
    const key = varintAt(message, at, where);
    const number = Number(key.value >> 3n);
    at = key.next;
    switch (Number(key.value & 7n)) {
      case 0: {
        const { value, next } = varintAt(message, at, where);
        yield { number, integer: Number(BigInt.asIntN(64, value)), bytes: NONE };
        at = next;
        break;
      }
      case 1:
        yield { number, integer: 0, bytes: sliced(message, at, 8, where) };
        at += 8;
        break;
      case 2: {
        const { value, next } = varintAt(message, at, where);
        const bytes = sliced(message, next, Number(value), where);
        yield { number, integer: 0, bytes };
        at = next + bytes.length;
        break;
      }
      case 5:
        yield { number, integer: 0, bytes: sliced(message, at, 4, where) };
        at += 4;
        break;
      default:
        throw notOnnx(where, `wire type ${key.value & 7n}`);
    }
  }
}

/** The whole numbers of a repeated field: one, or many packed into bytes. */
export function integersOf({ integer, bytes }: Field, where: string): number[] {
  if (bytes.length === 0) return [integer];
  const values: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { value, next } = varintAt(bytes, at, where);
    values.push(Number(BigInt.asIntN(64, value)));
    at = next;
  }
  return values;
}

export const textOf = ({ bytes }: Field): string => decoder.decode(bytes);

/** Of four fixed bytes. */
export const floatOf = ({ bytes }: Field): number =>
  bytes.length === 4 ? new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true) : Number.NaN;

export const notOnnx = (where: string, got: unknown): ModelError =>
  new ModelError(where, { expected: "an ONNX file", got, hint: "The file is damaged, or of another format." });

function varintAt(bytes: Uint8Array, from: number, where: string): { value: bigint; next: number } {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) throw notOnnx(where, "a file that ends within a number");
    value |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return { value, next: from + i + 1 };
  }
  throw notOnnx(where, "a number of more than ten bytes");
}

function sliced(bytes: Uint8Array, from: number, length: number, where: string): Uint8Array {
  if (length <= bytes.length - from) return bytes.subarray(from, from + length);
  throw notOnnx(where, `${length} bytes where ${bytes.length - from} are left`);
}
