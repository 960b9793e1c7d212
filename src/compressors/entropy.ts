/**
 * `entropy=range`: the symbols of a quantised compressor under an adaptive range coder (`coding/range-coder.ts`). What is
 * decoded stays the same, and so does the law.
 *
 * Messages: a byte, 0 or 1, then
 *     0   the compressor's own message, where coding would not make it shorter
 *     1   its raw sections, one behind the other, then one stream of all its symbols in order. A symbol of b bits goes
 *         highest bit first, each bit in the context of those before it; sections of one width share their contexts.
 */
import { assert, ConfigError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { type Bytes, bytes } from "../base/units.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { packedBytes, packFixed, unpackFixed } from "../coding/fixed-width.ts";
import { Contexts, RangeDecoder, RangeEncoder } from "../coding/range-coder.ts";
import { bytesVector } from "../kernels/index.ts";
import type { Codec, Compressor, Residual } from "./compressor.ts";
import type { Section } from "./symbols.ts";

const PLAIN = 0;
const CODED = 1;
/** Symbols are unpacked this many at a time: whole bytes at any width. */
const CHUNK = 4096;

/** @throws {ConfigError} naming `where`, if the compressor's messages do not divide into symbols */
export function rangeCoded(given: Compressor, where: string): Compressor {
  const compressor = given.inSections ?? given;
  const { sections } = compressor;
  if (sections === undefined) {
    throw new ConfigError(where, {
      expected: "entropy=range on a compressor of fixed-width symbols",
      got: given.name,
      hint: "Such as natural, cgx, or qsgd without code=sparse or code=dense.",
    });
  }
  const name = `${compressor.name}${compressor.name.includes(":") ? "," : ":"}entropy=range`;
  return {
    name,
    law: compressor.law,
    open(length, layout) {
      const codec = compressor.open(length, layout);
      return length === 0 ? codec : new RangeCodec(codec, sections.call(compressor, length, layout));
    },
  };
}

class RangeCodec implements Codec {
  readonly maxBytes: Bytes;
  /** Present where the inner codec has it: the symbols are coded after the fact. */
  readonly encodeWithFeedback?: NonNullable<Codec["encodeWithFeedback"]>;
  readonly #codec: Codec;
  readonly #sections: readonly Section[];
  readonly #rawBytes: number;
  readonly #plain: Uint8Array;
  readonly #sink: ByteSink;
  readonly #contexts: ReadonlyMap<number, Contexts>;
  readonly #chunk: Uint16Array = new Uint16Array(CHUNK);

  constructor(codec: Codec, sections: readonly Section[]) {
    const size = sections.reduce((sum, section) => sum + sectionBytes(section), 0);
    this.maxBytes = bytes(1 + codec.maxBytes);
    this.#codec = codec;
    this.#sections = sections;
    this.#rawBytes = sections.reduce((sum, section) => sum + (section.kind === "raw" ? section.bytes : 0), 0);
    this.#plain = bytesVector(size);
    this.#sink = new ByteSink(this.#plain);
    const widths = new Set(sections.flatMap((section) => (section.kind === "symbols" ? [section.bits] : [])));
    this.#contexts = new Map([...widths].map((bits) => [bits, new Contexts(2 ** bits)]));
    if (codec.encodeWithFeedback !== undefined) {
      this.encodeWithFeedback = (x: Float32Array, residual: Residual, into: ByteSink, rng: Random) => {
        codec.encodeWithFeedback?.(x, residual, this.#sink.reset(), rng);
        this.#write(into);
      };
    }
  }

  encode(x: Float32Array, into: ByteSink, rng: Random): void {
    this.#codec.encode(x, this.#sink.reset(), rng);
    this.#write(into);
  }

  decode(from: ByteSource, out: Float32Array, rng: Random): void {
    this.#codec.decode(this.#read(from), out, rng);
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number, rng: Random): void {
    this.#codec.decodeAdd(this.#read(from), out, weight, rng);
  }

  /** Codes the message that stands in the sink. */
  #write(into: ByteSink): void {
    const message = this.#sink.written;
    assert(message.length === this.#plain.length, "sections make up all of a message");
    const start = into.length;
    const room = into.u8(CODED).room(message.length - 1); // one byte shorter than plain, or not at all
    const length = this.#code(message, room);
    if (length === undefined) into.rewind(start).u8(PLAIN).bytes(message);
    else into.rewind(start + 1 + length);
  }

  /** Fills `room` with raw sections and stream, and returns how long they are; undefined if they do not fit. */
  #code(message: Uint8Array, room: Uint8Array): number | undefined {
    if (this.#rawBytes > room.length) return undefined;
    const encoder = new RangeEncoder(room.subarray(this.#rawBytes));
    const raw = new ByteSink(room);
    const from = new ByteSource(message);
    this.#forget();
    for (const section of this.#sections) {
      if (section.kind === "raw") {
        raw.bytes(from.bytes(section.bytes));
        continue;
      }
      const contexts = this.#contextsOf(section.bits);
      for (let i = 0; i < section.count && encoder.fits; i += CHUNK) {
        const chunk = this.#chunk.subarray(0, Math.min(CHUNK, section.count - i));
        unpackFixed(from, section.bits, chunk);
        for (let j = 0; j < chunk.length; j++) encoder.symbol(contexts, 0, chunk[j]!, section.bits);
      }
      if (!encoder.fits) return undefined;
    }
    const stream = encoder.finish();
    return stream === undefined ? undefined : this.#rawBytes + stream.length;
  }

  /** The compressor's own message. */
  #read(from: ByteSource): ByteSource {
    const form = from.u8();
    if (form === PLAIN) return from.part(from.remaining);
    if (form !== CODED) throw from.corrupt("0 or 1", form);
    const raw = from.part(this.#rawBytes);
    const decoder = new RangeDecoder(from);
    const message = this.#sink.reset();
    this.#forget();
    for (const section of this.#sections) {
      if (section.kind === "raw") {
        message.bytes(raw.bytes(section.bytes));
        continue;
      }
      const contexts = this.#contextsOf(section.bits);
      for (let i = 0; i < section.count; i += CHUNK) {
        const chunk = this.#chunk.subarray(0, Math.min(CHUNK, section.count - i));
        for (let j = 0; j < chunk.length; j++) chunk[j] = decoder.symbol(contexts, 0, section.bits);
        packFixed(chunk, section.bits, message.room(packedBytes(chunk.length, section.bits)));
      }
    }
    decoder.finish();
    return new ByteSource(this.#plain);
  }

  #forget(): void {
    for (const contexts of this.#contexts.values()) contexts.reset();
  }

  #contextsOf(bits: number): Contexts {
    const contexts = this.#contexts.get(bits);
    assert(contexts !== undefined, "every width of a section has contexts");
    return contexts;
  }
}

const sectionBytes = (section: Section): number =>
  section.kind === "raw" ? section.bytes : packedBytes(section.count, section.bits);
