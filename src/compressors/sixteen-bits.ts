/**
 * What float16 and bfloat16 share.
 *
 * Messages: d words of 16 bits, the lower byte first. A word that stands for infinity or NaN is refused.
 */
import type { Random } from "../base/random.ts";
import { bytes } from "../base/units.ts";
import type { ByteSource } from "../coding/bytes.ts";
import type { Kernels } from "../kernels/index.ts";
import type { Codec } from "./compressor.ts";
import { plain } from "./feedback.ts";
import { refuseUnlessFinite } from "./non-finite.ts";

/** The kernels of one format. */
export interface Format {
  /** Magnitude bits of infinity. */
  readonly infinity: number;
  /** Returns false if an entry is not finite. */
  encode(x: Float32Array, words: Uint8Array, rng: Random): boolean;
  feedback(x: Float32Array, e: Float32Array, rest: Float32Array, words: Uint8Array, rng: Random): boolean;
  decode(words: Uint8Array, out: Float32Array): void;
  add(words: Uint8Array, weight: number, out: Float32Array): void;
}

export function sixteenBits(name: string, format: Format, length: number, using: Kernels): Codec {
  function read(from: ByteSource): Uint8Array {
    const words = from.bytes(2 * length);
    from.end();
    if (using.maxMagnitude16(words) >= format.infinity) throw from.corrupt("finite entries", "NaN or infinity");
    return words;
  }

  return {
    maxBytes: bytes(2 * length),
    encode(x, into, rng) {
      const start = into.length;
      refuseUnlessFinite(format.encode(x, into.room(2 * length), rng), name, into, start);
    },
    encodeWithFeedback(x, { settled, tentative }, into, rng) {
      const start = into.length;
      const words = into.room(2 * length);
      tentative.scale = 0;
      refuseUnlessFinite(format.feedback(x, plain(settled), tentative.values, words, rng), name, into, start);
    },
    decode: (from, out) => format.decode(read(from), out),
    decodeAdd: (from, out, weight) => format.add(read(from), weight, out),
  };
}
