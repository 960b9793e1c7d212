/**
 * Identity: every entry as it is. The yardstick, and what turns a compressed method into its uncompressed one.
 *
 * Exact: C(x) = x, bit for bit, −0 and subnormals too. Messages of 32 bits an entry.
 */
import { checkArguments } from "../base/spec.ts";
import { bytes } from "../base/units.ts";
import type { ByteSource } from "../coding/bytes.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, exact } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { nonFiniteInput } from "./non-finite.ts";

export function identity(using: Kernels = kernels): Compressor {
  return {
    name: "identity",
    law: exact,
    open: (length) => ({
      maxBytes: bytes(4 * length),
      encode(x, into) {
        into.bytes(finiteBytes(x, using));
      },
      lend: (x) => finiteBytes(x, using),
      decode(from, out) {
        out.set(finiteValues(from, length, using));
      },
      decodeAdd(from, out, weight) {
        using.axpy(weight, finiteValues(from, length, using), out);
      },
    }),
  };
}

/** As they lie in memory; every engine that Thinwire runs in is little-endian. */
function finiteBytes(x: Float32Array, using: Kernels): Uint8Array {
  if (!using.allFinite(x)) throw nonFiniteInput("identity");
  return new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
}

function finiteValues(from: ByteSource, length: number, using: Kernels): Float32Array {
  const values = from.f32s(length);
  from.end();
  if (!using.allFinite(values)) throw from.corrupt("finite f32 entries", "NaN or infinity");
  return values;
}

export const identityEntry: CompressorEntry = {
  name: "identity",
  aliases: ["none", "f32"],
  summary: "plain f32, uncompressed",
  law: "exact",
  bits: "32 d",
  options: [],
  examples: ["identity"],
  parse(spec, where, using) {
    checkArguments(spec, where, 0);
    return identity(using);
  },
};
