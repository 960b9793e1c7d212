/**
 * Byte sink and byte source: how messages are written and read. Little-endian. A source is total: it returns a value or
 * throws `CorruptError`, and never reads past its end.
 */
import { assert, CorruptError } from "../base/errors.ts";

/** Writes into a buffer of fixed capacity, reused message after message. */
export class ByteSink {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #length = 0;

  /** @param buffer its size in bytes, or the buffer itself, such as `bytesVector(size)` where kernels pack in place */
  constructor(buffer: number | Uint8Array) {
    this.#bytes = typeof buffer === "number" ? new Uint8Array(buffer) : buffer;
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes written so far: a view, valid until the next `reset`. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  reset(): this {
    return this.rewind(0);
  }

  /** Takes back what was written after the first `length` bytes. */
  rewind(length: number): this {
    assert(length <= this.#length, "a sink rewinds, it does not skip ahead");
    this.#length = length;
    return this;
  }

  u8(value: number): this {
    this.#bytes[this.#take(1)] = value;
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#take(2), value, true);
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#take(4), value, true);
    return this;
  }

  f32(value: number): this {
    this.#view.setFloat32(this.#take(4), value, true);
    return this;
  }

  /** LEB128: seven bits a byte, low group first. @param value 0 … 2³² − 1 */
  varint(value: number): this {
    let rest = value;
    while (rest > 127) {
      this.u8((rest & 127) | 128);
      rest = Math.floor(rest / 128);
    }
    return this.u8(rest);
  }

  /** The entries as they lie in memory; every engine that Thinwire runs in is little-endian. */
  f32s(values: Float32Array): this {
    return this.bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  bytes(source: Uint8Array): this {
    this.#bytes.set(source, this.#take(source.length));
    return this;
  }

  /** Room for `count` bytes that the caller fills: kernels pack straight into it. */
  room(count: number): Uint8Array {
    const start = this.#take(count);
    return this.#bytes.subarray(start, start + count);
  }

  #take(count: number): number {
    const start = this.#length;
    assert(start + count <= this.#bytes.length, `message exceeds its capacity of ${this.#bytes.length} bytes`);
    this.#length = start + count;
    return start;
  }
}

/** Reads a message front to back. */
export class ByteSource {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #where: string;
  #position = 0;

  /** @param where names the message in errors */
  constructor(bytes: Uint8Array, where = "message") {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  u8(): number {
    return this.#bytes[this.#take(1, "a byte")]!;
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2, "a u16"), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4, "a u32"), true);
  }

  /** An f32 that is neither NaN nor infinite. */
  finite(): number {
    const value = this.#view.getFloat32(this.#take(4, "an f32"), true);
    if (!Number.isFinite(value)) throw this.corrupt("a finite f32", value);
    return value;
  }

  /** LEB128 below 2³²; refuses long and non-minimal forms. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 5; shift++) {
      const byte = this.u8();
      value += (byte & 127) * 128 ** shift;
      if (byte < 128) {
        if (value >= 2 ** 32 || (byte === 0 && shift > 0)) break;
        return value;
      }
    }
    throw this.corrupt("a minimal varint below 2^32");
  }

  /**
   * The next `count` entries as they came, NaN and infinity too: the caller looks. A view of the message where it lies
   * aligned, else a copy.
   */
  f32s(count: number): Float32Array {
    const raw = this.bytes(4 * count);
    if (raw.byteOffset % 4 === 0) return new Float32Array(raw.buffer, raw.byteOffset, count);
    return new Float32Array(new Uint8Array(raw).buffer); // not slice(), which copies nothing of a Node Buffer
  }

  /** A view of all that was not read yet, without reading it. */
  get rest(): Uint8Array {
    return this.#bytes.subarray(this.#position);
  }

  /** A view of the next `count` bytes. */
  bytes(count: number): Uint8Array {
    const start = this.#take(count, `${count} bytes`);
    return this.#bytes.subarray(start, start + count);
  }

  /** The next `count` bytes as a source of their own: a message within this one. */
  part(count: number): ByteSource {
    return new ByteSource(this.bytes(count), this.#where);
  }

  /** @throws {CorruptError} unless everything was read */
  end(): void {
    if (this.remaining !== 0) throw this.corrupt("the end of the message", `${this.remaining} more bytes`);
  }

  /** The error for a value that this message must not hold. */
  corrupt(expected: string, got?: unknown): CorruptError {
    return new CorruptError(
      `${this.#where}, byte ${this.#position}`,
      got === undefined ? { expected } : { expected, got },
    );
  }

  #take(count: number, what: string): number {
    const start = this.#position;
    if (!(count <= this.#bytes.length - start)) throw this.corrupt(what, `${this.#bytes.length - start} bytes left`);
    this.#position = start + count;
    return start;
  }
}
