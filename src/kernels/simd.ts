/**
 * The kernels in WebAssembly with 128-bit SIMD: the twin's results, bit for bit. Each method walks its vectors in pieces
 * (one piece when all lie in the kernels' memory) and leaves the arithmetic to `assembly/`.
 */
import { COUNTS_ADDRESS } from "./addresses.ts";
import type { Arena } from "./arena.ts";
import type { Kernels } from "./kernels.ts";
import { BINS, binsLength, bitsLength, roomFor, sameLength, subsetLengths } from "./lengths.ts";
import { eachPiece, INFINITY_BITS } from "./pieces.ts";
import { Slot } from "./scratch.ts";
import { bfloatKernels } from "./simd/bfloat.ts";
import { ditherKernels } from "./simd/dither.ts";
import { entryKernels } from "./simd/entries.ts";
import { gridKernels } from "./simd/grid.ts";
import { halfKernels } from "./simd/half.ts";
import { powersKernels } from "./simd/powers.ts";
import { riceKernels } from "./simd/rice.ts";
import { selectionKernels } from "./simd/selection.ts";
import { twin } from "./twin.ts";
import type { WasmKernels } from "./wasm.ts";

/** Bytes of a checksum's stripe. */
const STRIPE = 64;

/** @param wasm an instance on the memory of `arena` */
export function simd(wasm: WasmKernels, arena: Arena): Kernels {
  const a = new Slot<Float32Array>(arena, 0, Float32Array);
  const b = new Slot<Float32Array>(arena, 1, Float32Array);
  const c = new Slot<Float32Array>(arena, 2, Float32Array);
  const bytes = new Slot<Uint8Array>(arena, 3, Uint8Array);
  const words = new Slot<Uint32Array>(arena, 3, Uint32Array);
  const tally = new Uint32Array(arena.buffer, COUNTS_ADDRESS, BINS);
  const magnitudeBits = new DataView(new ArrayBuffer(4));

  function maxBits(x: Float32Array): number {
    let most = 0;
    eachPiece(x.length, a.holds(x), (i, n) => {
      most = wasm.maxBits(a.load(x, i, n), n, most);
    });
    return most;
  }

  const allFinite = (x: Float32Array): boolean => maxBits(x) < INFINITY_BITS;

  function takeCounts(counts: Uint32Array): void {
    wasm.takeCounts();
    counts.set(tally);
  }

  return {
    engine: "simd",

    sumMagnitudes(x) {
      let sum = 0;
      eachPiece(x.length, a.holds(x), (i, n) => {
        sum = wasm.sumMagnitudes(a.load(x, i, n), n, sum);
      });
      return sum;
    },

    sumSquares(x) {
      let sum = 0;
      eachPiece(x.length, a.holds(x), (i, n) => {
        sum = wasm.sumSquares(a.load(x, i, n), n, sum);
      });
      return sum;
    },

    allFinite,

    maxMagnitude(x) {
      magnitudeBits.setUint32(0, maxBits(x));
      return magnitudeBits.getFloat32(0);
    },

    axpy(factor, x, y) {
      sameLength(x.length, y);
      eachPiece(x.length, a.holds(x) && b.holds(y), (i, n) => {
        wasm.axpy(factor, a.load(x, i, n), b.load(y, i, n), n);
        b.store(y, i, n);
      });
    },

    scale(factor, x) {
      eachPiece(x.length, a.holds(x), (i, n) => {
        wasm.scale(factor, a.load(x, i, n), n);
        a.store(x, i, n);
      });
    },

    add(x, y, out) {
      sameLength(x.length, y, out);
      eachPiece(x.length, a.holds(x) && b.holds(y) && c.holds(out), (i, n) => {
        wasm.add(a.load(x, i, n), b.load(y, i, n), c.room(out, i), n);
        c.store(out, i, n);
      });
    },

    subtract(x, y, out) {
      sameLength(x.length, y, out);
      eachPiece(x.length, a.holds(x) && b.holds(y) && c.holds(out), (i, n) => {
        wasm.subtract(a.load(x, i, n), b.load(y, i, n), c.room(out, i), n);
        c.store(out, i, n);
      });
    },

    momentum(mu, g, v) {
      sameLength(g.length, v);
      eachPiece(g.length, a.holds(g) && b.holds(v), (i, n) => {
        wasm.momentum(mu, a.load(g, i, n), b.load(v, i, n), n);
        b.store(v, i, n);
      });
    },

    momentumStep(mu, lr, g, v, x) {
      sameLength(g.length, v, x);
      eachPiece(g.length, a.holds(g) && b.holds(v) && c.holds(x), (i, n) => {
        wasm.momentumStep(mu, lr, a.load(g, i, n), b.load(v, i, n), c.load(x, i, n), n);
        b.store(v, i, n);
        c.store(x, i, n);
      });
    },

    packSigns(x, bits) {
      bitsLength(x.length, bits);
      eachPiece(x.length, a.holds(x) && bytes.holds(bits), (i, n) => {
        wasm.packSigns(a.load(x, i, n), bytes.room(bits, i >>> 3), n);
        bytes.store(bits, i >>> 3, (n + 7) >>> 3);
      });
    },

    packSignsAndSum(x, bits) {
      bitsLength(x.length, bits);
      let sum = 0;
      eachPiece(x.length, a.holds(x) && bytes.holds(bits), (i, n) => {
        sum = wasm.packSignsAndSum(a.load(x, i, n), bytes.room(bits, i >>> 3), n, sum);
        bytes.store(bits, i >>> 3, (n + 7) >>> 3);
      });
      return finiteSum(sum);
    },

    unpackSigns(bits, scale, out) {
      bitsLength(out.length, bits);
      eachPiece(out.length, bytes.holds(bits) && a.holds(out), (i, n) => {
        wasm.unpackSigns(bytes.load(bits, i >>> 3, (n + 7) >>> 3), scale, a.room(out, i), n);
        a.store(out, i, n);
      });
    },

    addSigns(bits, step, out) {
      bitsLength(out.length, bits);
      eachPiece(out.length, bytes.holds(bits) && a.holds(out), (i, n) => {
        wasm.addSigns(bytes.load(bits, i >>> 3, (n + 7) >>> 3), step, a.load(out, i, n), n);
        a.store(out, i, n);
      });
    },

    signFeedback(x, v, s, p, bits) {
      sameLength(x.length, v, p);
      bitsLength(x.length, bits);
      let sum = 0;
      eachPiece(x.length, a.holds(x) && b.holds(v) && c.holds(p) && bytes.holds(bits), (i, n) => {
        const packed = bytes.room(bits, i >>> 3);
        sum = wasm.signFeedback(a.load(x, i, n), b.load(v, i, n), s, c.room(p, i), packed, n, sum);
        c.store(p, i, n);
        bytes.store(bits, i >>> 3, (n + 7) >>> 3);
      });
      return finiteSum(sum);
    },

    packSides(x, bits, sides) {
      bitsLength(x.length, bits);
      wasm.openSides();
      eachPiece(x.length, a.holds(x) && bytes.holds(bits), (i, n) => {
        wasm.packSides(a.load(x, i, n), bytes.room(bits, i >>> 3), n);
        bytes.store(bits, i >>> 3, (n + 7) >>> 3);
      });
      sides[0] = wasm.plusSide();
      sides[1] = wasm.minusSide();
      return wasm.plusCount();
    },

    unpackPair(bits, zero, one, out) {
      bitsLength(out.length, bits);
      eachPiece(out.length, bytes.holds(bits) && a.holds(out), (i, n) => {
        wasm.unpackPair(bytes.load(bits, i >>> 3, (n + 7) >>> 3), zero, one, a.room(out, i), n);
        a.store(out, i, n);
      });
    },

    addPair(bits, zero, one, out) {
      bitsLength(out.length, bits);
      eachPiece(out.length, bytes.holds(bits) && a.holds(out), (i, n) => {
        wasm.addPair(bytes.load(bits, i >>> 3, (n + 7) >>> 3), zero, one, a.load(out, i, n), n);
        a.store(out, i, n);
      });
    },

    histogram(x, counts) {
      binsLength(counts);
      eachPiece(x.length, a.holds(x), (i, n) => {
        wasm.histogram(a.load(x, i, n), n);
      });
      takeCounts(counts);
    },

    ...selectionKernels(wasm, arena),
    ...entryKernels(wasm, arena),
    ...riceKernels(wasm, arena),
    ...halfKernels(wasm, arena),
    ...bfloatKernels(wasm, arena),
    ...powersKernels(wasm, arena, allFinite),
    ...ditherKernels(wasm, arena),
    ...gridKernels(wasm, arena),

    draws(k0, k1, first, out) {
      eachPiece(out.length, words.holds(out), (i, n) => {
        wasm.draws(k0, k1, first + i, words.room(out, i), n);
        words.store(out, i, n);
      });
    },

    subset(k0, k1, length, taken, indices) {
      subsetLengths(length, taken, indices);
      // Draws fall anywhere, so they cannot be made piece by piece.
      if (!words.holds(taken) || !words.holds(indices)) return twin.subset(k0, k1, length, taken, indices);
      wasm.subset(k0, k1, length, indices.length, taken.byteOffset, indices.byteOffset);
    },

    selectDraws(k0, k1, most, length, indices) {
      roomFor(length, indices);
      let found = 0;
      eachPiece(length, words.holds(indices), (i, n) => {
        const here = wasm.selectDraws(k0, k1, most, i, n, words.room(indices, found));
        words.store(indices, found, here);
        found += here;
      });
      return found;
    },

    checksum(frame, seed) {
      const end = frame.length - (frame.length % STRIPE);
      wasm.checksumOpen(seed);
      eachPiece(end, bytes.holds(frame), (i, n) => wasm.checksumStripes(bytes.load(frame, i, n), n / STRIPE));
      const tail = frame.length - end;
      return wasm.checksumClose(bytes.load(frame, end, tail), tail, frame.length, seed) >>> 0;
    },
  };
}

/** A sum of magnitudes, or NaN if an entry was not finite; see `LawfulSum.totalIfFinite`. */
const finiteSum = (sum: number): number => (Number.isFinite(sum) ? sum : Number.NaN);
