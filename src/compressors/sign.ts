/**
 * Sign: one bit an entry, sign(0) = +1, least significant bit first.
 *
 * Scaled:  C(x) = (‖x‖₁/d) · sign(x). Contractive with δ(x) = ‖x‖₁²/(d‖x‖²) ≥ 1/d, 2/π for Gaussian x; biased, so
 *          run it under error feedback. The scale is one f32 for the whole vector.
 * Plain:   C(x) = sign(x), whatever the size of x. It obeys no law: the step size is the scale, and error feedback
 *          around it does not converge.
 * @see Karimireddy, Rebjock, Stich & Jaggi 2019, "Error Feedback Fixes SignSGD", arXiv:1901.09847
 * @see Bernstein, Wang, Azizzadenesheli & Anandkumar 2018, "signSGD", arXiv:1802.04434
 */
import { ConfigError } from "../base/errors.ts";
import { checkArguments } from "../base/spec.ts";
import { bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { checkUnusedBits, packedBytes } from "../coding/fixed-width.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, contractive, lawless } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { nonFiniteInput } from "./non-finite.ts";

const { fround } = Math;

/** Sign times the mean magnitude. The bits go first: the scale is known only when all entries were seen. */
export function scaledSign(using: Kernels = kernels): Compressor {
  return {
    name: "sign",
    law: contractive((length) => 1 / Math.max(1, length)),
    open(length) {
      if (length === 0) return empty;
      const size = packedBytes(length, 1);
      return {
        maxBytes: bytes(size + 4),
        encode(x, into) {
          const start = into.length;
          const sum = using.packSignsAndSum(x, into.room(size));
          refuseNaN(sum, "sign", into, start);
          into.f32(sum / length);
        },
        encodeWithFeedback(x, { settled, tentative }, into) {
          const start = into.length;
          const sum = using.signFeedback(x, settled.values, settled.scale, tentative.values, into.room(size));
          refuseNaN(sum, "sign", into, start);
          tentative.scale = fround(sum / length); // the memory stays lazy: p − scale · sign(p) is taken at the next encode
          into.f32(tentative.scale);
        },
        decode(from, out) {
          const bits = readBits(from, length);
          const scale = readScale(from);
          if (scale === 0) out.fill(0);
          else using.unpackSigns(bits, scale, out);
        },
        decodeAdd(from, out, weight) {
          const bits = readBits(from, length);
          using.addSigns(bits, fround(fround(weight) * readScale(from)), out);
        },
      };
    },
  };
}

/** Sign alone, as in signSGD. */
export function plainSign(using: Kernels = kernels): Compressor {
  return {
    name: "sign:scale=none",
    law: lawless,
    open(length) {
      if (length === 0) return empty;
      const size = packedBytes(length, 1);
      return {
        maxBytes: bytes(size),
        encode(x, into) {
          const start = into.length;
          const sum = using.packSignsAndSum(x, into.room(size)); // summed for the finite check: still one pass
          refuseNaN(sum, "sign:scale=none", into, start);
        },
        decode(from, out) {
          const bits = readBits(from, length);
          from.end();
          using.unpackSigns(bits, 1, out);
        },
        decodeAdd(from, out, weight) {
          const bits = readBits(from, length);
          from.end();
          using.addSigns(bits, fround(weight), out);
        },
      };
    },
  };
}

const empty: ReturnType<Compressor["open"]> = {
  maxBytes: bytes(0),
  encode() {},
  decode: (from) => from.end(),
  decodeAdd: (from) => from.end(),
};

/** Kernels return NaN for a vector that is not finite; the message begun at `start` is taken back. */
function refuseNaN(sum: number, compressor: string, into: ByteSink, start: number): void {
  if (!Number.isNaN(sum)) return;
  into.rewind(start);
  throw nonFiniteInput(compressor);
}

function readBits(from: ByteSource, length: number): Uint8Array {
  const bits = from.bytes(packedBytes(length, 1));
  checkUnusedBits(bits, length, from);
  return bits;
}

function readScale(from: ByteSource): number {
  const scale = from.finite();
  if (scale < 0 || Object.is(scale, -0)) throw from.corrupt("a scale of at least +0", scale);
  from.end();
  return scale;
}

export const signEntry: CompressorEntry = {
  name: "sign",
  aliases: ["scaled-sign"],
  summary: "one bit an entry, times the mean magnitude",
  paper: "arXiv:1901.09847",
  law: "contractive, δ = ‖x‖₁²/(d‖x‖²) ≥ 1/d (2/π for Gaussian x); with scale=none none",
  bits: "d + 32; with scale=none d",
  options: [{ name: "scale=mean|none", meaning: "times the mean magnitude (default), or plain ±1 as in signSGD" }],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, ["scale"]);
    const scale = spec.options.get("scale") ?? "mean";
    if (scale === "mean") return scaledSign(using);
    if (scale === "none") return plainSign(using);
    throw new ConfigError(where, { expected: "scale=mean or scale=none", got: spec.text });
  },
};
