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

const { fround } = Math;

/** The kernels of one format. */
export interface Format {
  /** Magnitude bits of infinity. */
  readonly infinity: number;
  /** Magnitudes from here on are sent as the largest word, and counted. Undefined: not counted. */
  readonly overflow?: number;
  /** Returns false if an entry is not finite. */
  encode(x: Float32Array, words: Uint8Array, rng: Random): boolean;
  feedback(x: Float32Array, e: Float32Array, rest: Float32Array, words: Uint8Array, rng: Random): boolean;
  decode(words: Uint8Array, out: Float32Array): void;
  add(words: Uint8Array, weight: number, out: Float32Array): void;
}

export function sixteenBits(name: string, format: Format, length: number, using: Kernels): Codec {
  const { infinity, overflow } = format;
  let saturated = 0;

  function read(from: ByteSource): Uint8Array {
    const words = from.bytes(2 * length);
    from.end();
    if (using.maxMagnitude16(words) >= infinity) throw from.corrupt("finite entries", "NaN or infinity");
    return words;
  }

  /** Counts what was cut off of x + e. One fast look at the words tells that there is nothing, as a rule. */
  function count(words: Uint8Array, x: Float32Array, e?: Float32Array): void {
    if (overflow === undefined || using.maxMagnitude16(words) < infinity - 1) return;
    for (let i = 0; i < x.length; i++) {
      const p = e === undefined ? x[i]! : fround(x[i]! + e[i]!);
      if (Math.abs(p) >= overflow) saturated += 1;
    }
  }

  return {
    maxBytes: bytes(2 * length),
    get saturated() {
      return overflow === undefined ? undefined : saturated;
    },
    encode(x, into, rng) {
      const start = into.length;
      const words = into.room(2 * length);
      refuseUnlessFinite(format.encode(x, words, rng), name, into, start);
      count(words, x);
    },
    encodeWithFeedback(x, { settled, tentative }, into, rng) {
      const start = into.length;
      const words = into.room(2 * length);
      const e = plain(settled);
      tentative.scale = 0;
      refuseUnlessFinite(format.feedback(x, e, tentative.values, words, rng), name, into, start);
      count(words, x, e);
    },
    decode: (from, out) => format.decode(read(from), out),
    decodeAdd: (from, out, weight) => format.add(read(from), weight, out),
  };
}
