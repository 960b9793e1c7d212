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
  for (const at = { next: 0 }; at.next < message.length; ) {
    const key = varintAt(message, at, where);
    if (!(key >= 0 && key <= MOST_KEY)) throw notOnnx(where, "a field without a number");
    const number = key >>> 3;
    switch (key & 7) {
      case 0:
        yield { number, integer: varintAt(message, at, where), bytes: NONE };
        break;
      case 1:
        yield { number, integer: 0, bytes: taken(message, at, 8, where) };
        break;
      case 2:
        yield { number, integer: 0, bytes: taken(message, at, varintAt(message, at, where), where) };
        break;
      case 5:
        yield { number, integer: 0, bytes: taken(message, at, 4, where) };
        break;
      default:
        throw notOnnx(where, `wire type ${key & 7}`);
    }
  }
}

/** The whole numbers of a repeated field: one, or many packed into bytes. */
export function integersOf({ integer, bytes }: Field, where: string): number[] {
  if (bytes === NONE) return [integer];
  const values: number[] = [];
  for (const at = { next: 0 }; at.next < bytes.length; ) values.push(varintAt(bytes, at, where));
  return values;
}

export const textOf = ({ bytes }: Field): string => decoder.decode(bytes);

/** Of four fixed bytes. */
export const floatOf = ({ bytes }: Field): number =>
  bytes.length === 4 ? new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true) : Number.NaN;

export const notOnnx = (where: string, got: unknown): ModelError =>
  new ModelError(where, { expected: "an ONNX file", got, hint: "The file is damaged, or of another format." });

/** A place in a message, which moves on as it is read. */
interface Place {
  next: number;
}

/** The signed value; beyond 2⁵³ it loses digits, never its size. */
function varintAt(bytes: Uint8Array, at: Place, where: string): number {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < EXACT_BYTES; i++, scale *= 128) {
    const byte = byteAt(bytes, at, where);
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
  let long = BigInt(value);
  for (let i = EXACT_BYTES; i < 10; i++) {
    const byte = byteAt(bytes, at, where);
    long |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return Number(BigInt.asIntN(64, long));
  }
  throw notOnnx(where, "a number of more than ten bytes");
}

/** Of a varint: as many as a number holds exactly. */
const EXACT_BYTES = 7;
/** Keys of fields have 32 bits. */
const MOST_KEY = 0xffff_ffff;

function byteAt(bytes: Uint8Array, at: Place, where: string): number {
  const byte = bytes[at.next++];
  if (byte === undefined) throw notOnnx(where, "a file that ends within a number");
  return byte;
}

function taken(bytes: Uint8Array, at: Place, length: number, where: string): Uint8Array {
  const from = at.next;
  if (length >= 0 && length <= bytes.length - from) {
    at.next = from + length;
    return bytes.subarray(from, at.next);
  }
  throw notOnnx(where, `${length} bytes where ${bytes.length - from} are left`);
}
