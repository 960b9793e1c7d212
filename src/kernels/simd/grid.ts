/** Uniform grids in WebAssembly. */
import type { Arena } from "../arena.ts";
import { eachBucketPiece } from "../buckets.ts";
import { checkGrid, quantisedBytes } from "../grid.ts";
import type { Kernels } from "../kernels.ts";
import { sameLength } from "../lengths.ts";
import { Slot } from "../scratch.ts";
import type { WasmKernels } from "../wasm.ts";

type GridKernels = Pick<Kernels, "toGrid" | "gridFeedback" | "fromGrid" | "addGrid">;

export function gridKernels(wasm: WasmKernels, arena: Arena): GridKernels {
  const a = new Slot<Float32Array>(arena, 0, Float32Array);
  const b = new Slot<Float32Array>(arena, 1, Float32Array);
  const c = new Slot<Float32Array>(arena, 2, Float32Array);
  const bytes = new Slot<Uint8Array>(arena, 3, Uint8Array);

  return {
    toGrid(x, grid, key, first, quantised) {
      checkGrid(grid, x.length, quantised);
      const { bits, bucket, symmetric } = grid;
      const { k0, k1 } = key ?? NO_KEY;
      const random = key === undefined ? 0 : 1;
      let finite = true;
      eachBucketPiece(x.length, bucket, a.holds(x) && bytes.holds(quantised), (i, n) => {
        const [at, size] = [quantisedBytes(grid, i), quantisedBytes(grid, n)];
        const entries = a.load(x, i, n);
        const out = bytes.room(quantised, at);
        const ok = wasm.toGrid(entries, n, bits, bucket, +symmetric, random, k0, k1, first + i, out);
        bytes.store(quantised, at, size);
        finite &&= ok !== 0;
      });
      return finite;
    },

    gridFeedback(x, e, grid, key, first, rest, quantised) {
      sameLength(x.length, e, rest);
      checkGrid(grid, x.length, quantised);
      const { bits, bucket, symmetric } = grid;
      const { k0, k1 } = key ?? NO_KEY;
      const random = key === undefined ? 0 : 1;
      const atOnce = a.holds(x) && b.holds(e) && c.holds(rest) && bytes.holds(quantised);
      let finite = true;
      eachBucketPiece(x.length, bucket, atOnce, (i, n) => {
        const [at, size] = [quantisedBytes(grid, i), quantisedBytes(grid, n)];
        const [entries, errors, left] = [a.load(x, i, n), b.load(e, i, n), c.room(rest, i)];
        const out = bytes.room(quantised, at);
        const from = first + i;
        const ok = wasm.gridFeedback(entries, errors, left, n, bits, bucket, +symmetric, random, k0, k1, from, out);
        c.store(rest, i, n);
        bytes.store(quantised, at, size);
        finite &&= ok !== 0;
      });
      return finite;
    },

    fromGrid(quantised, grid, out) {
      checkGrid(grid, out.length, quantised);
      const { bits, bucket, symmetric } = grid;
      eachBucketPiece(out.length, bucket, bytes.holds(quantised) && a.holds(out), (i, n) => {
        const from = bytes.load(quantised, quantisedBytes(grid, i), quantisedBytes(grid, n));
        wasm.fromGrid(from, bits, bucket, +symmetric, a.room(out, i), n);
        a.store(out, i, n);
      });
    },

    addGrid(quantised, grid, weight, out) {
      checkGrid(grid, out.length, quantised);
      const { bits, bucket, symmetric } = grid;
      eachBucketPiece(out.length, bucket, bytes.holds(quantised) && a.holds(out), (i, n) => {
        const from = bytes.load(quantised, quantisedBytes(grid, i), quantisedBytes(grid, n));
        wasm.addGrid(from, bits, bucket, +symmetric, weight, a.load(out, i, n), n);
        a.store(out, i, n);
      });
    },
  };
}

const NO_KEY = { k0: 0, k1: 0 };
