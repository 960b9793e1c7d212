/**
 * Adaptive binary range coder: a bit costs −log₂ of the probability that its context has learnt so far.
 *
 *     encoder   low = 0, range = 2³² − 1
 *     bit       bound = ⌊range/2^c⌋ · P, with P the c-bit probability of a zero
 *               zero: range = bound;  one: low += bound, range −= bound
 *               while range < 2²⁴: range ·= 2⁸, and the upper byte of low leaves, with its carry
 *     end       the four bytes of low leave
 *
 * The bytes are those of LZMA's coder without the first one, which is always 0. Where the last bit is decoded, a valid
 * stream has been read to its last byte and its code register is 0: this is checked.
 * @see Martin 1979, "Range encoding"; Pavlov 1998, LZMA
 */
import type { ByteSource } from "./bytes.ts";

/** How a context learns: after bit number n its probability moves by 2^−s of the rest of the way. */
export interface Adaptation {
  /** Bits of the probabilities that are kept, at most 15 + last; the upper 16 of them at most meet the range. */
  readonly precision: number;
  /** s = max(first, min(last, ⌊log₂(n + 2)⌋)): fast at first, then slowly. */
  readonly first: number;
  readonly last: number;
}

/** As in LZMA: the same speed for ever, 11 bits. It follows data that change, and pays 0.011 bits a bit for it. */
export const CHANGING: Adaptation = { precision: 11, first: 5, last: 5 };

/** For symbols of one distribution: nearly their frequencies so far, at a cost of about 0.0004 bits a bit. */
export const STEADY: Adaptation = { precision: 25, first: 1, last: 10 };

const CODED_BITS = 16;
const BOTTOM = 2 ** 24;
const WORD = 2 ** 32;

/** Contexts of one kind: each has the probability that its next bit is 0, at first one half. */
export class Contexts {
  /** Bits of a probability as it meets the range. */
  readonly codedBits: number;
  readonly #probabilities: Uint32Array;
  readonly #speeds: Uint16Array;
  readonly #precision: number;
  readonly #first: number;
  readonly #most: number;

  constructor(count: number, { precision, first, last }: Adaptation) {
    this.codedBits = Math.min(precision, CODED_BITS);
    this.#probabilities = new Uint32Array(count);
    this.#speeds = new Uint16Array(count);
    this.#precision = precision;
    this.#first = 2 ** first;
    this.#most = 2 ** last;
    this.reset();
  }

  /** Forgets everything. */
  reset(): void {
    this.#probabilities.fill(2 ** (this.#precision - 1));
    this.#speeds.fill(this.#first);
  }

  /** Probability of a zero in context `at`, in steps of 2^−codedBits: never 0 or 1. */
  zero(at: number): number {
    return this.#probabilities[at]! >>> (this.#precision - this.codedBits);
  }

  /** Context `at` has seen `bit`. */
  learn(at: number, bit: number): void {
    const p = this.#probabilities[at]!;
    const speed = this.#speeds[at]!; // n + 2 bits, up to 2^last
    const shift = 31 - Math.clz32(speed);
    this.#probabilities[at] = bit === 0 ? p + ((2 ** this.#precision - p) >>> shift) : p - (p >>> shift);
    if (speed < this.#most) this.#speeds[at] = speed + 1;
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

  bit(contexts: Contexts, at: number, bit: number): void {
    const bound = (this.#range >>> contexts.codedBits) * contexts.zero(at);
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
  symbol(contexts: Contexts, first: number, value: number, bits: number): void {
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
  bit(contexts: Contexts, at: number): number {
    const bound = (this.#range >>> contexts.codedBits) * contexts.zero(at);
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
  symbol(contexts: Contexts, first: number, bits: number): number {
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
