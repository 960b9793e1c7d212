/**
 * Bit streams, most significant bit first in each byte, as Elias and Golomb codes are written. The last byte is padded
 * with zeros. A writer fills room whose size was counted before; a reader is total: it returns a value or throws
 * `CorruptError`, and never reads past its end.
 */
import { assert } from "../base/errors.ts";
import type { ByteSource } from "./bytes.ts";

export class BitWriter {
  readonly #bytes: Uint8Array;
  #position = 0;
  /** The last `#count` bits, not yet a whole byte, in the low end of a word. */
  #pending = 0;
  #count = 0;

  /** @param bytes room for all bits that will come, such as `sink.room(Math.ceil(bits / 8))` */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The low `width` bits of `value`. @param value below 2^width @param width 0 … 24, so that a word holds it with what is pending */
  put(value: number, width: number): void {
    this.#pending = (this.#pending << width) | value;
    this.#count += width;
    while (this.#count >= 8) {
      this.#count -= 8;
      this.#bytes[this.#position++] = this.#pending >>> this.#count;
    }
  }

  /** `ones` ones and a zero. */
  unary(ones: number): void {
    let rest = ones;
    for (; rest >= 24; rest -= 24) this.put(0xffffff, 24);
    this.put((1 << (rest + 1)) - 2, rest + 1);
  }

  /** Pads the last byte. Everything given must be filled. */
  finish(): void {
    if (this.#count > 0) this.put(0, 8 - this.#count);
    assert(this.#position === this.#bytes.length, "bits were counted wrongly");
  }
}

export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #source: ByteSource;
  readonly #bits: number;
  #position = 0;

  /** Reads bits from all that remains of `source`; `finish` gives back the bytes that were not touched. */
  constructor(source: ByteSource) {
    this.#source = source;
    this.#bytes = source.rest;
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
    this.#bits = 8 * this.#bytes.length;
  }

  /** @param width 0 … 24 */
  take(width: number): number {
    if (width > this.#bits - this.#position) throw this.#source.corrupt(`${width} more bits`);
    if (width === 0) return 0;
    const value = this.#window() >>> (32 - width);
    this.#position += width;
    return value;
  }

  /** The number of ones before the next zero. @throws {CorruptError} above `max`, so that no run takes long */
  unary(max: number): number {
    let ones = 0;
    for (;;) {
      const run = Math.min(Math.clz32(~this.#window()), 25); // a window holds at least 25 true bits
      ones += run;
      this.#position += run;
      if (ones > max || this.#position >= this.#bits) throw this.#source.corrupt(`at most ${max} ones and a zero`);
      if (run < 25) {
        this.#position += 1;
        return ones;
      }
    }
  }

  /** Moves the source behind the last byte that was touched. @throws {CorruptError} unless its padding is zero */
  finish(): void {
    const padding = (8 - (this.#position % 8)) % 8;
    if (padding > 0 && this.take(padding) !== 0) throw this.#source.corrupt("padding of zeros");
    this.#source.bytes(this.#position / 8);
  }

  /** The 25 or more bits from here, leftmost in a word; zeros beyond the end. */
  #window(): number {
    const bytes = this.#bytes;
    const at = this.#position >>> 3;
    const word =
      at + 4 <= bytes.length
        ? this.#view.getUint32(at)
        : ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    return word << (this.#position & 7);
  }
}
