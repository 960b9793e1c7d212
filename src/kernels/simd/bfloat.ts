/** bfloat16 in WebAssembly. */
import type { Arena } from "../arena.ts";
import type { Kernels } from "../kernels.ts";
import { bytesLength, sameLength } from "../lengths.ts";
import { eachPiece, INFINITY_BITS } from "../pieces.ts";
import { Slot } from "../scratch.ts";
import type { WasmKernels } from "../wasm.ts";

type BfloatKernels = Pick<Kernels, "toBfloat" | "bfloatFeedback" | "fromBfloat" | "addBfloat">;

export function bfloatKernels(wasm: WasmKernels, arena: Arena): BfloatKernels {
  const a = new Slot<Float32Array>(arena, 0, Float32Array);
  const b = new Slot<Float32Array>(arena, 1, Float32Array);
  const c = new Slot<Float32Array>(arena, 2, Float32Array);
  const bytes = new Slot<Uint8Array>(arena, 3, Uint8Array);

  return {
    toBfloat(x, key, words) {
      bytesLength(x.length, 2, words);
      let most = 0;
      eachPiece(x.length, a.holds(x) && bytes.holds(words), (i, n) => {
        const [entries, packed] = [a.load(x, i, n), bytes.room(words, 2 * i)];
        most =
          key === undefined
            ? wasm.toBfloat(entries, packed, n, most)
            : wasm.toBfloatAtRandom(entries, key.k0, key.k1, i, packed, n, most);
        bytes.store(words, 2 * i, 2 * n);
      });
      return most < INFINITY_BITS;
    },

    bfloatFeedback(x, e, key, rest, words) {
      sameLength(x.length, e, rest);
      bytesLength(x.length, 2, words);
      let most = 0;
      eachPiece(x.length, a.holds(x) && b.holds(e) && c.holds(rest) && bytes.holds(words), (i, n) => {
        const [entries, errors] = [a.load(x, i, n), b.load(e, i, n)];
        const [left, packed] = [c.room(rest, i), bytes.room(words, 2 * i)];
        most =
          key === undefined
            ? wasm.bfloatFeedback(entries, errors, left, packed, n, most)
            : wasm.bfloatFeedbackAtRandom(entries, errors, key.k0, key.k1, i, left, packed, n, most);
        c.store(rest, i, n);
        bytes.store(words, 2 * i, 2 * n);
      });
      return most < INFINITY_BITS;
    },

    fromBfloat(words, out) {
      bytesLength(out.length, 2, words);
      eachPiece(out.length, bytes.holds(words) && a.holds(out), (i, n) => {
        wasm.fromBfloat(bytes.load(words, 2 * i, 2 * n), a.room(out, i), n);
        a.store(out, i, n);
      });
    },

    addBfloat(words, weight, out) {
      bytesLength(out.length, 2, words);
      eachPiece(out.length, bytes.holds(words) && a.holds(out), (i, n) => {
        wasm.addBfloat(bytes.load(words, 2 * i, 2 * n), weight, a.load(out, i, n), n);
        a.store(out, i, n);
      });
    },
  };
}
