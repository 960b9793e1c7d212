/** Levels of a norm in WebAssembly. */
import { froundUp } from "../../base/fround-up.ts";
import { PIECE } from "../addresses.ts";
import type { Arena } from "../arena.ts";
import { eachBucketPiece } from "../buckets.ts";
import type { Kernels } from "../kernels.ts";
import { bucketCount, evenBuckets, nibblesLength, sameLength } from "../lengths.ts";
import { eachPiece } from "../pieces.ts";
import { Slot } from "../scratch.ts";
import type { WasmKernels } from "../wasm.ts";

type DitherKernels = Pick<
  Kernels,
  | "bucketNorms"
  | "bucketMaxima"
  | "addBucketNorms"
  | "addBucketMaxima"
  | "dither"
  | "ditherNibbles"
  | "ditherNibblesFeedback"
  | "scaleLevels"
  | "addLevels"
  | "unpackNibbles"
  | "holdsNibble"
>;

export function ditherKernels(wasm: WasmKernels, arena: Arena): DitherKernels {
  const a = new Slot<Float32Array>(arena, 0, Float32Array);
  const b = new Slot<Float32Array>(arena, 1, Float32Array);
  const c = new Slot<Float32Array>(arena, 2, Float32Array);
  const d = new Slot<Float32Array>(arena, 3, Float32Array);
  const whole = new Slot<Int16Array>(arena, 2, Int16Array);
  const bytes = new Slot<Uint8Array>(arena, 3, Uint8Array);
  const magnitudeBits = new DataView(new ArrayBuffer(4));

  /** Calls `look` on pieces of x, or of p = x + e where there is p. */
  function eachSum(
    x: Float32Array,
    e: Float32Array | undefined,
    p: Float32Array,
    look: (address: number, n: number) => void,
  ): void {
    eachPiece(x.length, e === undefined && a.holds(x), (i, n) => {
      const entries = a.load(x, i, n);
      if (e === undefined) return look(entries, n);
      const sums = c.room(p, i);
      wasm.add(entries, b.load(e, i, n), sums, n);
      look(sums, n);
      c.store(p, i, n);
    });
  }

  /** Of one bucket that is larger than a piece. */
  function norm(x: Float32Array, e: Float32Array | undefined, p: Float32Array): number {
    let sum = 0;
    eachSum(x, e, p, (address, n) => {
      sum = wasm.sumSquares(address, n, sum);
    });
    return froundUp(Math.sqrt(sum));
  }

  function largest(x: Float32Array, e: Float32Array | undefined, p: Float32Array): number {
    let most = 0;
    eachSum(x, e, p, (address, n) => {
      most = wasm.maxBits(address, n, most);
    });
    magnitudeBits.setUint32(0, most);
    return magnitudeBits.getFloat32(0);
  }

  /** Finds what `ofLarge` or `wasm` gives for each bucket of x, or of p = x + e. */
  function ofBuckets(
    x: Float32Array,
    e: Float32Array | undefined,
    p: Float32Array,
    bucket: number,
    found: Float32Array,
    ofLarge: typeof norm,
    find: typeof wasm.bucketNorms,
    addAndFind: typeof wasm.addBucketNorms,
  ): void {
    bucketCount(x.length, bucket, found);
    sameLength(x.length, p, e);
    if (bucket > PIECE) {
      for (let i = 0; i < found.length; i++) {
        const [start, end] = [i * bucket, (i + 1) * bucket];
        found[i] = ofLarge(x.subarray(start, end), e?.subarray(start, end), p.subarray(start, end));
      }
      return;
    }
    const atOnce = a.holds(x) && (e === undefined || b.holds(e)) && c.holds(p) && d.holds(found);
    eachBucketPiece(x.length, bucket, atOnce, (i, n) => {
      const [entries, here] = [a.load(x, i, n), d.room(found, i / bucket)];
      if (e === undefined) find(entries, n, bucket, here);
      else {
        addAndFind(entries, b.load(e, i, n), c.room(p, i), n, bucket, here);
        c.store(p, i, n);
      }
      d.store(found, i / bucket, Math.ceil(n / bucket));
    });
  }

  return {
    bucketNorms: (x, bucket, norms) =>
      ofBuckets(x, undefined, x, bucket, norms, norm, wasm.bucketNorms, wasm.addBucketNorms),
    bucketMaxima: (x, bucket, maxima) =>
      ofBuckets(x, undefined, x, bucket, maxima, largest, wasm.bucketMaxima, wasm.addBucketMaxima),
    addBucketNorms: (x, e, p, bucket, norms) =>
      ofBuckets(x, e, p, bucket, norms, norm, wasm.bucketNorms, wasm.addBucketNorms),
    addBucketMaxima: (x, e, p, bucket, maxima) =>
      ofBuckets(x, e, p, bucket, maxima, largest, wasm.bucketMaxima, wasm.addBucketMaxima),

    dither(x, steps, bucket, most, { k0, k1 }, first, levels) {
      sameLength(x.length, levels);
      bucketCount(x.length, bucket, steps);
      eachBucketPiece(x.length, bucket, a.holds(x) && b.holds(steps) && whole.holds(levels), (i, n) => {
        const step = b.load(steps, Math.floor(i / bucket), Math.ceil(n / bucket));
        wasm.dither(a.load(x, i, n), step, n, bucket, most, k0, k1, first + i, whole.room(levels, i));
        whole.store(levels, i, n);
      });
    },

    ditherNibbles(x, steps, bucket, { k0, k1 }, first, nibbles) {
      nibblesLength(x.length, nibbles);
      evenBuckets(x.length, bucket);
      bucketCount(x.length, bucket, steps);
      eachBucketPiece(x.length, bucket, a.holds(x) && b.holds(steps) && bytes.holds(nibbles), (i, n) => {
        const step = b.load(steps, Math.floor(i / bucket), Math.ceil(n / bucket));
        wasm.ditherNibbles(a.load(x, i, n), step, n, bucket, k0, k1, first + i, bytes.room(nibbles, i >>> 1));
        bytes.store(nibbles, i >>> 1, (n + 1) >>> 1);
      });
    },

    ditherNibblesFeedback(p, steps, bucket, { k0, k1 }, first, nibbles) {
      nibblesLength(p.length, nibbles);
      evenBuckets(p.length, bucket);
      bucketCount(p.length, bucket, steps);
      eachBucketPiece(p.length, bucket, a.holds(p) && b.holds(steps) && bytes.holds(nibbles), (i, n) => {
        const step = b.load(steps, Math.floor(i / bucket), Math.ceil(n / bucket));
        const packed = bytes.room(nibbles, i >>> 1);
        wasm.ditherNibblesFeedback(a.load(p, i, n), step, n, bucket, k0, k1, first + i, packed);
        a.store(p, i, n);
        bytes.store(nibbles, i >>> 1, (n + 1) >>> 1);
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
