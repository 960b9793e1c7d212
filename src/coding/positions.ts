/**
 * Positions: which k of d entries a sparse message holds, at close to log₂(d choose k) bits.
 *
 *     varint k, then, unless k is 0 or d, the Rice code of the gaps of the k positions,
 *     or of the d − k absent ones where k > d/2; bits most significant first
 *
 * A gap g = i_j − i_(j−1) (i_0 = −1) is coded as j = g − 1: ⌊j/2^b⌋ ones, a zero, the low b bits. Both ends compute b
 * from k and d. At k/d = 0.01 this takes 8.11 bits a position, against the entropy of 8.08. From k/d = 0.382 up b is 0,
 * and the code is a bitmap of the absent entries that ends behind the last position: so no other bitmap is needed.
 * @see Golomb 1966, "Run-length encodings"; Rice 1979
 */
import { type Kernels, kernels } from "../kernels/index.ts";
import type { ByteSink, ByteSource } from "./bytes.ts";
import { MAX_VARINT_BYTES } from "./limits.ts";

const GOLDEN = 0.6180339887498949; // φ − 1
const MAX_PARAMETER = 24; // what a bit stream takes at once; a larger one would pay only below k/d = 2⁻²⁵

/**
 * Rice's parameter for gaps of a random k of d: max(0, 1 + ⌊log₂(ln(φ − 1)/ln(1 − k/d))⌋). Written as repeated
 * squaring of 1 − k/d down to φ − 1, which has the same bits in every engine.
 * @param count k, 1 … d
 */
export function riceParameter(count: number, length: number): number {
  let parameter = 0;
  for (let q = (length - count) / length; q >= GOLDEN && parameter < MAX_PARAMETER; q *= q) parameter += 1;
  return parameter;
}

/** Exact size of the Rice code (`writeRice` of the kernels) of ascending `positions`, in bits. */
export function riceBits(positions: Uint32Array, parameter: number): number {
  let quotients = 0;
  let next = 0;
  for (let j = 0; j < positions.length; j++) {
    const position = positions[j]! | 0; // below 2²⁸, and so whole numbers stay whole for the engine
    quotients += (position - next) >>> parameter;
    next = position + 1;
  }
  return quotients + positions.length * (1 + parameter);
}

/** No code of k or fewer of d positions is longer, in bytes. */
export function maxPositionsBytes(count: number, length: number): number {
  if (count === 0) return MAX_VARINT_BYTES;
  // The unary parts of m gaps come to less than 2.1 m bits in all, and b ≤ log₂(d/m); 16 bits where b is cut at 24.
  const sparse = count * (4 + bitLength(length / count)) + 16;
  // At most m(1 + b) + (d − m)/2^b: the worst is 1.073 d, at m = 0.382 d and b = 1.
  const dense = 1.125 * length;
  return MAX_VARINT_BYTES + Math.ceil(Math.min(sparse, dense) / 8);
}

const bitLength = (n: number): number => 32 - Math.clz32(n);

/** @param positions ascending, below `length`; above half density their complement is listed in a new array */
export function writePositions(positions: Uint32Array, length: number, into: ByteSink, using: Kernels = kernels): void {
  const count = positions.length;
  into.varint(count);
  if (count === 0 || count === length) return;
  const coded = 2 * count > length ? complement(positions, length) : positions;
  const parameter = riceParameter(coded.length, length);
  using.writeRice(coded, parameter, into.room(Math.ceil(riceBits(coded, parameter) / 8)));
}

/**
 * Reads positions, ascending and below `length`, into the front of `out` and returns how many.
 * @throws {CorruptError} also if they are more than `out` holds
 */
export function readPositions(from: ByteSource, length: number, out: Uint32Array, using: Kernels = kernels): number {
  const count = from.varint();
  const most = Math.min(length, out.length);
  if (count > most) throw from.corrupt(`at most ${most} entries`, count);
  if (count === 0) return 0;
  if (2 * count <= length) {
    readGaps(from, length, out.subarray(0, count), using);
  } else {
    const absent = new Uint32Array(length - count);
    if (absent.length > 0) readGaps(from, length, absent, using);
    listOthers(absent, length, out);
  }
  return count;
}

/** Fills `positions`. */
function readGaps(from: ByteSource, length: number, positions: Uint32Array, using: Kernels): void {
  const count = positions.length;
  const code = from.rest.subarray(0, maxPositionsBytes(count, length));
  const bits = using.readRice(code, riceParameter(count, length), length, positions);
  if (bits < 0) throw from.corrupt(`${count} positions below ${length}`);
  const last = from.bytes(Math.ceil(bits / 8)).at(-1)!;
  if (bits % 8 !== 0 && (last << (bits % 8)) % 256 !== 0) throw from.corrupt("padding of zeros");
}

function complement(positions: Uint32Array, length: number): Uint32Array {
  const absent = new Uint32Array(length - positions.length);
  listOthers(positions, length, absent);
  return absent;
}

/** Writes the indices below `length` that are not in `positions` to the front of `out`. */
function listOthers(positions: Uint32Array, length: number, out: Uint32Array): void {
  let found = 0;
  let next = 0;
  for (let j = 0; j < positions.length; j++) {
    while (next < positions[j]!) out[found++] = next++;
    next += 1;
  }
  while (next < length) out[found++] = next++;
}
