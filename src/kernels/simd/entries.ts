/** The entries of a vector at some positions, in WebAssembly: they lie anywhere, so only a vector in place is walked there. */
import type { Arena } from "../arena.ts";
import type { Kernels } from "../kernels.ts";
import { below, sameLength } from "../lengths.ts";
import { eachPiece } from "../pieces.ts";
import { Slot } from "../scratch.ts";
import * as twin from "../twin/entries.ts";
import type { WasmKernels } from "../wasm.ts";

type EntryKernels = Pick<Kernels, "gather" | "scatter" | "scatterAdd">;

export function entryKernels(wasm: WasmKernels, arena: Arena): EntryKernels {
  const places = new Slot<Uint32Array>(arena, 0, Uint32Array);
  const entries = new Slot<Float32Array>(arena, 1, Float32Array);
  const inPlace = (x: Float32Array) => x.buffer === arena.buffer;

  return {
    gather(x, positions, values) {
      if (!inPlace(x)) return twin.gather(x, positions, values);
      sameLength(positions.length, values);
      below(x.length, positions);
      eachPiece(positions.length, places.holds(positions) && entries.holds(values), (j, n) => {
        wasm.gather(x.byteOffset, 0, places.load(positions, j, n), entries.room(values, j), n);
        entries.store(values, j, n);
      });
    },

    scatter(values, positions, out) {
      if (!inPlace(out)) return twin.scatter(values, positions, out);
      sameLength(positions.length, values);
      below(out.length, positions);
      let from = 0;
      eachPiece(positions.length, places.holds(positions) && entries.holds(values), (j, n) => {
        const to = positions[j + n] ?? out.length;
        wasm.scatter(entries.load(values, j, n), places.load(positions, j, n), out.byteOffset, from, to, n);
        from = to;
      });
      if (positions.length === 0) out.fill(0);
    },

    scatterAdd(weight, values, positions, out) {
      if (!inPlace(out)) return twin.scatterAdd(weight, values, positions, out);
      sameLength(positions.length, values);
      below(out.length, positions);
      eachPiece(positions.length, places.holds(positions) && entries.holds(values), (j, n) => {
        wasm.scatterAdd(weight, entries.load(values, j, n), places.load(positions, j, n), out.byteOffset, n);
      });
    },
  };
}
