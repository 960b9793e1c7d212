/** Selecting entries by their magnitude in WebAssembly. */
import type { Arena } from "../arena.ts";
import type { Kernels } from "../kernels.ts";
import { sameLength } from "../lengths.ts";
import { eachPiece } from "../pieces.ts";
import { Slot } from "../scratch.ts";
import type { WasmKernels } from "../wasm.ts";

type SelectionKernels = Pick<Kernels, "addSelect" | "selectFrom">;

export function selectionKernels(wasm: WasmKernels, arena: Arena): SelectionKernels {
  const a = new Slot<Float32Array>(arena, 0, Float32Array);
  const b = new Slot<Float32Array>(arena, 1, Float32Array);
  const c = new Slot<Float32Array>(arena, 2, Float32Array);
  const list = new Slot<Uint32Array>(arena, 3, Uint32Array);
  const listed = new Slot<Float32Array>(arena, 4, Float32Array);

  return {
    addSelect(x, y, out, floor, indices, values) {
      sameLength(x.length, y, out);
      sameLength(indices.length, values);
      const atOnce = a.holds(x) && b.holds(y) && c.holds(out) && list.holds(indices) && listed.holds(values);
      let found = 0;
      eachPiece(x.length, atOnce, (i, n) => {
        const room = Math.min(n, indices.length - found);
        const [to, beside] = [list.room(indices, found), listed.room(values, found)];
        const sum = c.room(out, i);
        const here = wasm.addSelect(a.load(x, i, n), b.load(y, i, n), sum, n, floor, i, to, beside, room);
        c.store(out, i, n);
        list.store(indices, found, here);
        listed.store(values, found, here);
        found += here;
      });
      return found;
    },

    selectFrom(x, floor, indices, values) {
      sameLength(indices.length, values);
      let found = 0;
      eachPiece(x.length, a.holds(x) && list.holds(indices) && listed.holds(values), (i, n) => {
        const room = Math.min(n, indices.length - found);
        if (room === 0) return;
        const [to, beside] = [list.room(indices, found), listed.room(values, found)];
        const here = wasm.selectFrom(a.load(x, i, n), n, floor, i, to, beside, room);
        list.store(indices, found, here);
        listed.store(values, found, here);
        found += here;
      });
      return found;
    },
  };
}
