/**
 * Codes of levels: whole numbers from −s to s, most of them small. Each coded vector starts and ends with a byte.
 *
 *     fixed    1 + bitlength(s) bits a level in two's complement, least significant bit first (`fixed-width.ts`)
 *     sparse   varint k, then for each of the k levels that are not 0, in order: omega(gap), sign, omega(|level|); a gap
 *              is the distance from the one before, from −1 for the first; most significant bit first
 *     dense    omega(|level| + 1), and a sign where the level is not 0; most significant bit first
 *     auto     a byte, 0 for fixed, 1 for sparse, 2 for dense, and the shortest of them; the first in this order if equal
 *
 * A sign is 1 for minus; omega is Elias's (`elias.ts`).
 * @see Alistarh, Grubic, Li, Tomioka & Vojnovic 2016, "QSGD", arXiv:1610.02132
 */
import { BitReader, BitWriter } from "./bits.ts";
import type { ByteSink, ByteSource } from "./bytes.ts";
import { omegaBits, readOmega, writeOmega } from "./elias.ts";
import { packedBytes, packFixed, unpackFixed } from "./fixed-width.ts";
import { MAX_VARINT_BYTES } from "./limits.ts";

/** Largest s of every code. */
export const MAX_LEVELS: number = 2 ** 14 - 1;

/** `most` is s. */
export interface LevelCode {
  readonly name: string;
  /** Size of the code of these levels. */
  size(levels: Int16Array, most: number): number;
  /** No code of `count` levels is longer, in bytes. */
  maxBytes(count: number, most: number): number;
  write(levels: Int16Array, most: number, into: ByteSink): void;
  /** Fills `levels`. @throws {CorruptError} */
  read(from: ByteSource, most: number, levels: Int16Array): void;
}

/** Bits of a level in the fixed code. */
export const levelWidth = (most: number): number => 33 - Math.clz32(most);

export const fixedCode: LevelCode = {
  name: "fixed",
  size: (levels, most) => packedBytes(levels.length, levelWidth(most)),
  maxBytes: (count, most) => packedBytes(count, levelWidth(most)),
  write(levels, most, into) {
    const width = levelWidth(most);
    const mask = 2 ** width - 1;
    packFixed(
      levels.map((level) => level & mask),
      width,
      into.room(packedBytes(levels.length, width)),
    );
  },
  read(from, most, levels) {
    const shift = 32 - levelWidth(most);
    unpackFixed(from, 32 - shift, new Uint16Array(levels.buffer, levels.byteOffset, levels.length));
    for (let i = 0; i < levels.length; i++) {
      const level = (levels[i]! << shift) >> shift;
      if (level > most || level < -most) throw from.corrupt(`a level from −${most} to ${most}`, level);
      levels[i] = level;
    }
  },
};

export const sparseCode: LevelCode = {
  name: "sparse",
  size(levels, most) {
    const cost = omegaTable(most);
    let bits = 0;
    let count = 0;
    let last = -1;
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i]!;
      if (level === 0) continue;
      bits += omegaBits(i - last) + 1 + cost[Math.abs(level)]!;
      count += 1;
      last = i;
    }
    return varintBytes(count) + Math.ceil(bits / 8);
  },
  // A gap of g takes at most 1.5 g bits: the most bits an entry are those of a gap of 1 and the largest level.
  maxBytes: (count, most) => MAX_VARINT_BYTES + Math.ceil((count * (2 + omegaBits(most))) / 8),
  write(levels, most, into) {
    let count = 0;
    for (let i = 0; i < levels.length; i++) if (levels[i] !== 0) count += 1;
    const size = sparseCode.size(levels, most) - varintBytes(count);
    const bits = new BitWriter(into.varint(count).room(size));
    let last = -1;
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i]!;
      if (level === 0) continue;
      writeOmega(i - last, bits);
      bits.put(level < 0 ? 1 : 0, 1);
      writeOmega(Math.abs(level), bits);
      last = i;
    }
    bits.finish();
  },
  read(from, most, levels) {
    const count = from.varint();
    if (count > levels.length) throw from.corrupt(`at most ${levels.length} levels`, count);
    const bits = new BitReader(from);
    levels.fill(0);
    let at = -1;
    for (let j = 0; j < count; j++) {
      at += readOmega(bits, from);
      if (at >= levels.length) throw from.corrupt(`a position below ${levels.length}`, at);
      const isNegative = bits.take(1) === 1;
      const level = readLevel(bits, from, most);
      levels[at] = isNegative ? -level : level;
    }
    bits.finish();
  },
};

export const denseCode: LevelCode = {
  name: "dense",
  size(levels, most) {
    const cost = omegaTable(most + 1);
    let bits = 0;
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i]!;
      bits += level === 0 ? 1 : 1 + cost[Math.abs(level) + 1]!;
    }
    return Math.ceil(bits / 8);
  },
  maxBytes: (count, most) => Math.ceil((count * (1 + omegaBits(most + 1))) / 8),
  write(levels, most, into) {
    const bits = new BitWriter(into.room(denseCode.size(levels, most)));
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i]!;
      writeOmega(Math.abs(level) + 1, bits);
      if (level !== 0) bits.put(level < 0 ? 1 : 0, 1);
    }
    bits.finish();
  },
  read(from, most, levels) {
    const bits = new BitReader(from);
    for (let i = 0; i < levels.length; i++) {
      const level = readLevel(bits, from, most + 1) - 1;
      levels[i] = level !== 0 && bits.take(1) === 1 ? -level : level;
    }
    bits.finish();
  },
};

const TAGGED: readonly LevelCode[] = [fixedCode, sparseCode, denseCode];

export const autoCode: LevelCode = {
  name: "auto",
  size: (levels, most) => 1 + Math.min(...TAGGED.map((code) => code.size(levels, most))),
  maxBytes: (count, most) => 1 + fixedCode.maxBytes(count, most),
  write(levels, most, into) {
    const sizes = TAGGED.map((code) => code.size(levels, most));
    const tag = sizes.indexOf(Math.min(...sizes));
    TAGGED[tag]!.write(levels, most, into.u8(tag));
  },
  read(from, most, levels) {
    const tag = from.u8();
    const code = TAGGED[tag];
    if (code === undefined) throw from.corrupt("a code of levels: 0, 1 or 2", tag);
    code.read(from, most, levels);
  },
};

function readLevel(bits: BitReader, from: ByteSource, most: number): number {
  const level = readOmega(bits, from);
  if (level > most) throw from.corrupt(`a level of at most ${most}`, level);
  return level;
}

/** `omegaBits` of 0 … most. */
const omegaTable = (most: number): Uint8Array => Uint8Array.from({ length: most + 1 }, (_, n) => omegaBits(n));

const varintBytes = (value: number): number => Math.max(1, Math.ceil((32 - Math.clz32(value)) / 7));
