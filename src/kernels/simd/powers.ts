/** Signed powers of two in WebAssembly. */
import type { Arena } from "../arena.ts";
import type { Kernels } from "../kernels.ts";
import { bitsLength, bytesLength, sameLength } from "../lengths.ts";
import { eachPiece } from "../pieces.ts";
import { Slot } from "../scratch.ts";
import type { WasmKernels } from "../wasm.ts";

type PowersKernels = Pick<Kernels, "toPowers" | "powersFeedback" | "fromPowers" | "addPowers">;

/** Bytes of n sign bits. */
const planeBytes = (n: number): number => (n + 7) >>> 3;

export function powersKernels(wasm: WasmKernels, arena: Arena, allFinite: Kernels["allFinite"]): PowersKernels {
  const a = new Slot<Float32Array>(arena, 0, Float32Array);
  const b = new Slot<Float32Array>(arena, 1, Float32Array);
  const c = new Slot<Float32Array>(arena, 2, Float32Array);
  const bytes = new Slot<Uint8Array>(arena, 3, Uint8Array);
  const bits = new Slot<Uint8Array>(arena, 4, Uint8Array);

  return {
    toPowers(x, key, exponents, signs) {
      bytesLength(x.length, 1, exponents);
      bitsLength(x.length, signs);
      let found = 0;
      eachPiece(x.length, a.holds(x) && bytes.holds(exponents) && bits.holds(signs), (i, n) => {
        const entries = a.load(x, i, n);
        const [fields, plane] = [bytes.room(exponents, i), bits.room(signs, i >>> 3)];
        found =
          key === undefined
            ? wasm.toNearestPowers(entries, fields, plane, n, found)
            : wasm.toPowers(entries, key.k0, key.k1, i, fields, plane, n, found);
        bytes.store(exponents, i, n);
        bits.store(signs, i >>> 3, planeBytes(n));
      });
      // Then an entry is either not finite or above 2¹²⁷.
      return found === 0 || allFinite(x);
    },

    powersFeedback(x, e, key, rest, exponents, signs) {
      sameLength(x.length, e, rest);
      bytesLength(x.length, 1, exponents);
      bitsLength(x.length, signs);
      const atOnce = a.holds(x) && b.holds(e) && c.holds(rest) && bytes.holds(exponents) && bits.holds(signs);
      let found = 0;
      eachPiece(x.length, atOnce, (i, n) => {
        const [entries, errors, left] = [a.load(x, i, n), b.load(e, i, n), c.room(rest, i)];
        const [fields, plane] = [bytes.room(exponents, i), bits.room(signs, i >>> 3)];
        found =
          key === undefined
            ? wasm.nearestPowersFeedback(entries, errors, left, fields, plane, n, found)
            : wasm.powersFeedback(entries, errors, key.k0, key.k1, i, left, fields, plane, n, found);
        c.store(rest, i, n);
        bytes.store(exponents, i, n);
        bits.store(signs, i >>> 3, planeBytes(n));
      });
      // What is left of an entry that is not finite is not finite either.
      return found === 0 || allFinite(rest);
    },

    fromPowers(exponents, signs, out) {
      bytesLength(out.length, 1, exponents);
      bitsLength(out.length, signs);
      eachPiece(out.length, a.holds(out) && bytes.holds(exponents) && bits.holds(signs), (i, n) => {
        const plane = bits.load(signs, i >>> 3, planeBytes(n));
        wasm.fromPowers(bytes.load(exponents, i, n), plane, a.room(out, i), n);
        a.store(out, i, n);
      });
    },

    addPowers(exponents, signs, weight, out) {
      bytesLength(out.length, 1, exponents);
      bitsLength(out.length, signs);
      eachPiece(out.length, a.holds(out) && bytes.holds(exponents) && bits.holds(signs), (i, n) => {
        const plane = bits.load(signs, i >>> 3, planeBytes(n));
        wasm.addPowers(bytes.load(exponents, i, n), plane, weight, a.load(out, i, n), n);
        a.store(out, i, n);
      });
    },
  };
}
