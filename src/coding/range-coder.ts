/**
 * Adaptive binary range coder: a bit costs −log₂ of the probability that its context has learnt so far.
 *
 *     encoder   low = 0, range = 2³² − 1
 *     bit       bound = the part of range that stands for a zero
 *               zero: range = bound;  one: low += bound, range −= bound
 *               while range < 2²⁴: range ·= 2⁸, and the upper byte of low leaves, with its carry
 *     end       the four bytes of low leave
 *
 * The bytes are those of LZMA's coder without the first one, which is always 0. Where the last bit is decoded, a valid
 * stream has been read to its last byte and its code register is 0: this is checked.
 * @see Martin 1979, "Range encoding"; Pavlov 1998, LZMA
 */
import type { ByteSource } from "./bytes.ts";

/** What is known of the next bit, context by context; both ends ask and tell it the same. */
export interface BitModel {
  /** The part of `range` that stands for a zero in context `at`. @param range from 2²⁴ to 2³² − 1 @returns from 1 to range − 1 */
  bound(range: number, at: number): number;
  /** Context `at` has seen `bit`. */
  learn(at: number, bit: number): void;
}

const BOTTOM = 2 ** 24;
const WORD = 2 ** 32;

/** Bits of a probability that meet the range. */
const CODED_BITS = 16;
const CODED = 2 ** CODED_BITS;
/** In the end a bit moves its probability by 2^−SLOWEST of the rest of the way. */
const SLOWEST = 11;
/** Bits of a probability. After any bits it is at least 1163 steps from 0 and from 1: more than the 1024 that are coded as one. */
const PRECISION = 26;
const ONE = 2 ** PRECISION;

/**
 * Contexts for symbols of one distribution: each learns nearly the frequencies of its bits so far, at a cost of about
 * 0.0002 bits a bit, and forgets what lies some 2000 bits back.
 *
 *     p = ½ at first;  bit n (from 0) moves p by 2^−s of the rest of the way, s = min(11, ⌊log₂(n + 2)⌋)
 *     bound = ⌊range · ⌊2¹⁶ p⌋ / 2¹⁶⌋, exactly: with LZMA's ⌊range/2¹⁶⌋ · ⌊2¹⁶ p⌋ a sure bit would cost 0.0005 bits
 */
export class Contexts implements BitModel {
  readonly #zeros: Uint32Array; // p in steps of 2^−PRECISION
  readonly #seen: Uint16Array; // n + 2, up to 2^SLOWEST

  constructor(count: number) {
    this.#zeros = new Uint32Array(count);
    this.#seen = new Uint16Array(count);
    this.reset();
  }

  /** Forgets everything. */
  reset(): void {
    this.#zeros.fill(ONE / 2);
    this.#seen.fill(2);
  }

  bound(range: number, at: number): number {
    return Math.floor((range * (this.#zeros[at]! >>> (PRECISION - CODED_BITS))) / CODED); // below 2⁴⁸: exact
  }

  learn(at: number, bit: number): void {
    const p = this.#zeros[at]!;
    const seen = this.#seen[at]!;
    const shift = 31 - Math.clz32(seen);
    this.#zeros[at] = bit === 0 ? p + ((ONE - p) >>> shift) : p - (p >>> shift);
    if (seen < 2 ** SLOWEST) this.#seen[at] = seen + 1;
  }
}

/** Writes bits into room of its own. */
export class RangeEncoder {
  readonly #room: Uint8Array;
  #length = -1; // the first byte is always 0 and is not kept
  #low = 0; // up to 33 bits
  #range = WORD - 1;
  #cache = 0;
  #pending = 1;

  /** @param room for the bytes; `fits` turns false when they become more */
  constructor(room: Uint8Array) {
    this.#room = room;
  }

  /** False once bytes were lost for want of room. */
  get fits(): boolean {
    return this.#length <= this.#room.length;
  }

  bit(contexts: BitModel, at: number, bit: number): void {
    const bound = contexts.bound(this.#range, at);
    if (bit === 0) {
      this.#range = bound;
    } else {
      this.#low += bound;
      this.#range -= bound;
    }
    contexts.learn(at, bit);
    while (this.#range < BOTTOM) {
      this.#range = (this.#range << 8) >>> 0;
      this.#shift();
    }
  }

  /** `bits` bits of `value`, highest first, each in the context of those before it: contexts from `first` on, 2^bits of them. */
  symbol(contexts: BitModel, first: number, value: number, bits: number): void {
    let node = 1;
    for (let place = bits - 1; place >= 0; place--) {
      const bit = (value >>> place) & 1;
      this.bit(contexts, first + node, bit);
      node = 2 * node + bit;
    }
  }

  /** Ends the stream. Returns its bytes, a view of the room, or undefined if they do not fit. */
  finish(): Uint8Array | undefined {
    for (let i = 0; i < 5; i++) this.#shift();
    return this.fits ? this.#room.subarray(0, this.#length) : undefined;
  }

  #shift(): void {
    if (this.#low < 0xff000000 || this.#low >= WORD) {
      const carry = this.#low >= WORD ? 1 : 0;
      this.#put(this.#cache + carry);
      for (; this.#pending > 1; this.#pending--) this.#put(0xff + carry);
      this.#pending = 0;
      this.#cache = (this.#low >>> 24) & 0xff;
    }
    this.#pending += 1;
    this.#low = ((this.#low & 0xffffff) << 8) >>> 0;
  }

  #put(byte: number): void {
    if (this.#length >= 0 && this.#length < this.#room.length) this.#room[this.#length] = byte;
    this.#length += 1;
  }
}

/** Reads bits from all that remains of a source. */
export class RangeDecoder {
  readonly #source: ByteSource;
  readonly #bytes: Uint8Array;
  #position = 4;
  #range = WORD - 1;
  #code: number;

  /** @throws {CorruptError} if there are fewer than the four bytes that every stream has */
  constructor(source: ByteSource) {
    this.#source = source;
    this.#bytes = source.rest;
    const b = this.#bytes;
    if (b.length < 4) throw source.corrupt("a range-coded stream of at least 4 bytes", b.length);
    this.#code = ((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0;
  }

  /** @throws {CorruptError} where the stream ends too early */
  bit(contexts: BitModel, at: number): number {
    const bound = contexts.bound(this.#range, at);
    const bit = this.#code < bound ? 0 : 1;
    if (bit === 0) {
      this.#range = bound;
    } else {
      this.#code -= bound;
      this.#range -= bound;
    }
    contexts.learn(at, bit);
    while (this.#range < BOTTOM) {
      if (this.#position === this.#bytes.length) throw this.#source.corrupt("more of a range-coded stream");
      this.#range = (this.#range << 8) >>> 0;
      this.#code = ((this.#code << 8) | this.#bytes[this.#position++]!) >>> 0;
    }
    return bit;
  }

  /** The mirror of the encoder's. */
  symbol(contexts: BitModel, first: number, bits: number): number {
    let node = 1;
    for (let place = 0; place < bits; place++) node = 2 * node + this.bit(contexts, first + node);
    return node - 2 ** bits;
  }

  /** Reads the source to its end. @throws {CorruptError} unless the stream ends here as an encoder ends it */
  finish(): void {
    if (this.#code !== 0) throw this.#source.corrupt("the end that a range coder writes");
    this.#source.bytes(this.#position);
    this.#source.end();
  }
}
