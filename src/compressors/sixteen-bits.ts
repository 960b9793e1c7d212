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
  /** Both return a bound of the magnitudes encoded: infinity if an entry is not finite. */
  encode(x: Float32Array, words: Uint8Array, rng: Random): number;
  feedback(x: Float32Array, e: Float32Array, rest: Float32Array, words: Uint8Array, rng: Random): number;
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

  /** Counts what was cut off of x + e, if anything was. */
  function count(most: number, x: Float32Array, e?: Float32Array): void {
    if (overflow === undefined || most < overflow) return;
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
      const most = format.encode(x, words, rng);
      refuseUnlessFinite(Number.isFinite(most), name, into, start);
      count(most, x);
    },
    encodeWithFeedback(x, { settled, tentative }, into, rng) {
      const start = into.length;
      const words = into.room(2 * length);
      const e = plain(settled);
      tentative.scale = 0;
      const most = format.feedback(x, e, tentative.values, words, rng);
      refuseUnlessFinite(Number.isFinite(most), name, into, start);
      count(most, x, e);
    },
    decode: (from, out) => format.decode(read(from), out),
    decodeAdd: (from, out, weight) => format.add(read(from), weight, out),
  };
}
