/**
 * Trits: −1, 0 and +1 at five to a byte, 1.6 bits each against the ideal of log₂ 3 = 1.585.
 *
 * Each trit t is the digit t + 1; a byte is Σ digit_j · 3^j, j = 0 … 4, the first trit lowest. The last byte is filled up
 * with trits of 0: (1, 0, −1, 1, 1, −1, 0) is 221, 120.
 */
import type { ByteSource } from "./bytes.ts";

export const tritBytes = (count: number): number => Math.ceil(count / 5);

/** The digit 1 in all five places: five trits of 0. */
const ZEROS = 1 + 3 + 9 + 27 + 81;

/** @param trits each −1, 0 or 1 @param into `tritBytes(trits.length)` bytes */
export function packTrits(trits: Int16Array, into: Uint8Array): void {
  const whole = Math.floor(trits.length / 5);
  for (let j = 0; j < whole; j++) {
    const i = 5 * j;
    into[j] = ZEROS + trits[i]! + 3 * trits[i + 1]! + 9 * trits[i + 2]! + 27 * trits[i + 3]! + 81 * trits[i + 4]!;
  }
  if (5 * whole === trits.length) return;
  let last = ZEROS;
  for (let i = 5 * whole, power = 1; i < trits.length; i++, power *= 3) last += power * trits[i]!;
  into[whole] = last;
}

/** Fills `trits` from its pack. @throws {CorruptError} if bytes are missing, above 242, or filled up with other trits */
export function unpackTrits(from: ByteSource, trits: Int16Array): void {
  const packed = from.bytes(tritBytes(trits.length));
  const whole = Math.floor(trits.length / 5);
  for (let j = 0; j < packed.length; j++) {
    const at = 5 * packed[j]!;
    if (at >= FIVE_TRITS.length) throw from.corrupt("five trits in a byte of at most 242", packed[j]);
    const i = 5 * j;
    if (j < whole) {
      trits[i] = FIVE_TRITS[at]!;
      trits[i + 1] = FIVE_TRITS[at + 1]!;
      trits[i + 2] = FIVE_TRITS[at + 2]!;
      trits[i + 3] = FIVE_TRITS[at + 3]!;
      trits[i + 4] = FIVE_TRITS[at + 4]!;
    } else {
      const five = FIVE_TRITS.subarray(at, at + 5);
      const used = trits.length - i;
      if (five.subarray(used).some((trit) => trit !== 0)) throw from.corrupt("unused trits that are 0");
      trits.set(five.subarray(0, used), i);
    }
  }
}

/** The trits of each byte. */
const FIVE_TRITS: Int8Array = Int8Array.from(
  { length: 5 * 243 },
  (_, i) => (Math.floor(Math.floor(i / 5) / 3 ** (i % 5)) % 3) - 1,
);
