/** Levels of a norm in WebAssembly. */
import { froundUp } from "../../base/fround-up.ts";
import { PIECE } from "../addresses.ts";
import type { Arena } from "../arena.ts";
import { eachBucketPiece } from "../buckets.ts";
import type { Kernels } from "../kernels.ts";
import { bucketCount, nibblesLength, sameLength } from "../lengths.ts";
import { eachPiece } from "../pieces.ts";
import { Slot } from "../scratch.ts";
import type { WasmKernels } from "../wasm.ts";

type DitherKernels = Pick<
  Kernels,
  | "bucketNorms"
  | "bucketMaxima"
  | "dither"
  | "scaleLevels"
  | "addLevels"
  | "packNibbles"
  | "unpackNibbles"
  | "holdsNibble"
>;

export function ditherKernels(wasm: WasmKernels, arena: Arena): DitherKernels {
  const a = new Slot<Float32Array>(arena, 0, Float32Array);
  const b = new Slot<Float32Array>(arena, 1, Float32Array);
  const whole = new Slot<Int16Array>(arena, 2, Int16Array);
  const bytes = new Slot<Uint8Array>(arena, 3, Uint8Array);
  const magnitudeBits = new DataView(new ArrayBuffer(4));

  function norm(x: Float32Array): number {
    let sum = 0;
    eachPiece(x.length, a.holds(x), (i, n) => {
      sum = wasm.sumSquares(a.load(x, i, n), n, sum);
    });
    return froundUp(Math.sqrt(sum));
  }

  function largest(x: Float32Array): number {
    let most = 0;
    eachPiece(x.length, a.holds(x), (i, n) => {
      most = wasm.maxBits(a.load(x, i, n), n, most);
    });
    magnitudeBits.setUint32(0, most);
    return magnitudeBits.getFloat32(0);
  }

  return {
    bucketNorms(x, bucket, norms) {
      bucketCount(x.length, bucket, norms);
      if (bucket > PIECE) {
        for (let i = 0; i < norms.length; i++) norms[i] = norm(x.subarray(i * bucket, (i + 1) * bucket));
        return;
      }
      eachBucketPiece(x.length, bucket, a.holds(x) && b.holds(norms), (i, n) => {
        wasm.bucketNorms(a.load(x, i, n), n, bucket, b.room(norms, i / bucket));
        b.store(norms, i / bucket, Math.ceil(n / bucket));
      });
    },

    bucketMaxima(x, bucket, maxima) {
      bucketCount(x.length, bucket, maxima);
      if (bucket > PIECE) {
        for (let i = 0; i < maxima.length; i++) maxima[i] = largest(x.subarray(i * bucket, (i + 1) * bucket));
        return;
      }
      eachBucketPiece(x.length, bucket, a.holds(x) && b.holds(maxima), (i, n) => {
        wasm.bucketMaxima(a.load(x, i, n), n, bucket, b.room(maxima, i / bucket));
        b.store(maxima, i / bucket, Math.ceil(n / bucket));
      });
    },

    dither(x, steps, bucket, k0, k1, first, levels) {
      sameLength(x.length, levels);
      bucketCount(x.length, bucket, steps);
      eachBucketPiece(x.length, bucket, a.holds(x) && b.holds(steps) && whole.holds(levels), (i, n) => {
        const step = b.load(steps, Math.floor(i / bucket), Math.ceil(n / bucket));
        wasm.dither(a.load(x, i, n), step, n, bucket, k0, k1, first + i, whole.room(levels, i));
        whole.store(levels, i, n);
      });
    },

    scaleLevels(levels, steps, bucket, out) {
      sameLength(out.length, levels);
      bucketCount(out.length, bucket, steps);
      eachBucketPiece(out.length, bucket, whole.holds(levels) && b.holds(steps) && a.holds(out), (i, n) => {
        const step = b.load(steps, Math.floor(i / bucket), Math.ceil(n / bucket));
        wasm.scaleLevels(whole.load(levels, i, n), step, n, bucket, a.room(out, i));
        a.store(out, i, n);
      });
    },

    addLevels(weight, levels, steps, bucket, out) {
      sameLength(out.length, levels);
      bucketCount(out.length, bucket, steps);
      eachBucketPiece(out.length, bucket, whole.holds(levels) && b.holds(steps) && a.holds(out), (i, n) => {
        const step = b.load(steps, Math.floor(i / bucket), Math.ceil(n / bucket));
        wasm.addLevels(weight, whole.load(levels, i, n), step, n, bucket, a.load(out, i, n));
        a.store(out, i, n);
      });
    },

    packNibbles(levels, nibbles) {
      nibblesLength(levels.length, nibbles);
      eachPiece(levels.length, whole.holds(levels) && bytes.holds(nibbles), (i, n) => {
        wasm.packNibbles(whole.load(levels, i, n), bytes.room(nibbles, i >>> 1), n);
        bytes.store(nibbles, i >>> 1, (n + 1) >>> 1);
      });
    },

    unpackNibbles(nibbles, levels) {
      nibblesLength(levels.length, nibbles);
      eachPiece(levels.length, bytes.holds(nibbles) && whole.holds(levels), (i, n) => {
        wasm.unpackNibbles(bytes.load(nibbles, i >>> 1, (n + 1) >>> 1), whole.room(levels, i), n);
        whole.store(levels, i, n);
      });
    },

    holdsNibble(nibbles, nibble) {
      let found = false;
      eachPiece(nibbles.length, bytes.holds(nibbles), (i, n) => {
        found ||= wasm.holdsNibble(bytes.load(nibbles, i, n), n, nibble) !== 0;
      });
      return found;
    },
  };
}
