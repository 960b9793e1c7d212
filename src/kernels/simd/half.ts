/** IEEE halves in WebAssembly. */
import type { Arena } from "../arena.ts";
import type { Kernels } from "../kernels.ts";
import { bytesLength, sameLength } from "../lengths.ts";
import { eachPiece, magnitudeOf } from "../pieces.ts";
import { Slot } from "../scratch.ts";
import type { WasmKernels } from "../wasm.ts";

type HalfKernels = Pick<Kernels, "toHalf" | "halfFeedback" | "fromHalf" | "addHalf" | "maxMagnitude16">;

export function halfKernels(wasm: WasmKernels, arena: Arena): HalfKernels {
  const a = new Slot<Float32Array>(arena, 0, Float32Array);
  const b = new Slot<Float32Array>(arena, 1, Float32Array);
  const c = new Slot<Float32Array>(arena, 2, Float32Array);
  const bytes = new Slot<Uint8Array>(arena, 3, Uint8Array);

  return {
    toHalf(x, halves) {
      bytesLength(x.length, 2, halves);
      let most = 0;
      eachPiece(x.length, a.holds(x) && bytes.holds(halves), (i, n) => {
        most = wasm.toHalf(a.load(x, i, n), bytes.room(halves, 2 * i), n, most);
        bytes.store(halves, 2 * i, 2 * n);
      });
      return magnitudeOf(most);
    },

    halfFeedback(x, e, rest, halves) {
      sameLength(x.length, e, rest);
      bytesLength(x.length, 2, halves);
      let most = 0;
      eachPiece(x.length, a.holds(x) && b.holds(e) && c.holds(rest) && bytes.holds(halves), (i, n) => {
        const packed = bytes.room(halves, 2 * i);
        most = wasm.halfFeedback(a.load(x, i, n), b.load(e, i, n), c.room(rest, i), packed, n, most);
        c.store(rest, i, n);
        bytes.store(halves, 2 * i, 2 * n);
      });
      return magnitudeOf(most);
    },

    fromHalf(halves, out) {
      bytesLength(out.length, 2, halves);
      eachPiece(out.length, bytes.holds(halves) && a.holds(out), (i, n) => {
        wasm.fromHalf(bytes.load(halves, 2 * i, 2 * n), a.room(out, i), n);
        a.store(out, i, n);
      });
    },

    addHalf(halves, weight, out) {
      bytesLength(out.length, 2, halves);
      eachPiece(out.length, bytes.holds(halves) && a.holds(out), (i, n) => {
        wasm.addHalf(bytes.load(halves, 2 * i, 2 * n), weight, a.load(out, i, n), n);
        a.store(out, i, n);
      });
    },

    maxMagnitude16(words) {
      let most = 0;
      eachPiece(words.length / 2, bytes.holds(words), (i, n) => {
        most = wasm.maxMagnitude16(bytes.load(words, 2 * i, 2 * n), n, most);
      });
      return most;
    },
  };
}
