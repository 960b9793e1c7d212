/**
 * Messages of signed powers of two, at nine bits an entry.
 *
 * Messages: d bytes e_i, then one bit an entry s_i (least significant first; unused bits 0). Entry i is 0 where e_i = 0,
 * (−1)^s_i · 2^(e_i − 127) for e_i from 1 to 254, and (−1)^s_i · (2¹²⁸ − 2¹⁰⁴), the largest f32, where e_i = 255.
 */
import type { Random } from "../base/random.ts";
import { bytes } from "../base/units.ts";
import type { ByteSource } from "../coding/bytes.ts";
import { checkUnusedBits, packedBytes } from "../coding/fixed-width.ts";
import type { Kernels } from "../kernels/index.ts";
import type { Codec } from "./compressor.ts";
import { plain } from "./feedback.ts";
import { refuseUnlessFinite } from "./non-finite.ts";
import { raw, type Section, symbols } from "./symbols.ts";

/** Signs look like chance: only the exponents are worth coding. */
export const powersSections = (length: number): readonly Section[] => [symbols(length, 8), raw(packedBytes(length, 1))];

/** @param key of a message's draws; without one entries round to the nearer power, in the middle down */
export function powersOfTwo(
  name: string,
  key: (rng: Random) => Random | undefined,
  length: number,
  using: Kernels,
): Codec {
  const plane = packedBytes(length, 1);

  function read(from: ByteSource): readonly [exponents: Uint8Array, signs: Uint8Array] {
    const planes = [from.bytes(length), from.bytes(plane)] as const;
    checkUnusedBits(planes[1], length, from);
    from.end();
    return planes;
  }

  return {
    maxBytes: bytes(length + plane),
    encode(x, into, rng) {
      const start = into.length;
      const finite = using.toPowers(x, key(rng), into.room(length), into.room(plane));
      refuseUnlessFinite(finite, name, into, start);
    },
    encodeWithFeedback(x, { settled, tentative }, into, rng) {
      const start = into.length;
      const [exponents, signs] = [into.room(length), into.room(plane)];
      tentative.scale = 0;
      const finite = using.powersFeedback(x, plain(settled), key(rng), tentative.values, exponents, signs);
      refuseUnlessFinite(finite, name, into, start);
    },
    decode: (from, out) => using.fromPowers(...read(from), out),
    decodeAdd: (from, out, weight) => using.addPowers(...read(from), weight, out),
  };
}
