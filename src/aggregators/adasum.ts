/**
 * Adasum: sums what is orthogonal and averages what is parallel, pair by pair along a binary tree.
 *
 *     pair(a, b) = (1 − a·b/(2‖a‖²)) a + (1 − a·b/(2‖b‖²)) b           a zero vector counts nothing
 *     level ℓ = 1, 2, 4, …:  vectors r and r + ℓ, for r a multiple of 2ℓ
 *
 * So n equal vectors give that vector, n orthogonal ones their sum, and ‖result‖² ≤ Σ‖x_i‖². Where n is no power of two,
 * the vectors from P on, the largest power of two in n, first join those P places before them, and count unevenly.
 *
 * By default each tensor of the layout is combined by itself. Dots and norms in f64; each pair is rounded to f32 once. It
 * is not linear: error feedback must wrap the compression at the worker. Take the step size of a single worker, not n
 * times it. Not robust: an orthogonal lie passes as it is.
 * @see Maleki, Musuvathi, Mytkowicz, Saarikivi et al. 2020, "Scaling Distributed Training with Adaptive Summation",
 *   arXiv:2006.02924
 */
import { checkArguments, lookUp } from "../base/spec.ts";
import type { Aggregator } from "./aggregator.ts";
import type { AggregatorEntry } from "./entry.ts";
import { gathering } from "./gathering.ts";

export interface AdasumOptions {
  /** Each tensor by itself (default), or the whole vector as one. */
  readonly perLayer?: boolean;
}

/** Entries `from` … `to` − 1. */
type Part = readonly [from: number, to: number];

export function adasum({ perLayer = true }: AdasumOptions = {}): Aggregator {
  const name = perLayer ? "adasum" : "adasum:per-layer=false";
  return gathering({
    name,
    tolerates: () => 0,
    warnings: ({ workers }) =>
      powerWithin(workers) === workers ? [] : [`${name}: ${workers} workers are no power of two and count unevenly`],
    open({ tensors, length }) {
      const parts: readonly Part[] = perLayer
        ? tensors.map((tensor) => [tensor.offset, tensor.offset + tensor.length] as const)
        : [[0, length]];
      return {
        combine(vectors, out) {
          const n = vectors.length;
          const power = powerWithin(n);
          for (let r = power; r < n; r++) addPair(vectors[r - power]!, vectors[r]!, parts);
          for (let level = 1; level < power; level *= 2) {
            for (let r = 0; r < power; r += 2 * level) addPair(vectors[r]!, vectors[r + level]!, parts);
          }
          out.set(vectors[0]!);
        },
      };
    },
  });
}

/** The largest power of two that is at most n. */
function powerWithin(n: number): number {
  let power = 1;
  while (2 * power <= n) power *= 2;
  return power;
}

/** a ← pair(a, b), part by part. */
function addPair(a: Float32Array, b: Float32Array, parts: readonly Part[]): void {
  const products = new Float64Array(3);
  for (const [from, to] of parts) {
    addProducts(a.subarray(from, to), b.subarray(from, to), products.fill(0));
    combinePair(a.subarray(from, to), b.subarray(from, to), products, a.subarray(from, to));
  }
}

/** Adds a·b, ‖a‖² and ‖b‖² to `products`, in f64. */
export function addProducts(a: Float32Array, b: Float32Array, products: Float64Array): void {
  let [dot, aa, bb] = [0, 0, 0];
  for (let j = 0; j < a.length; j++) {
    dot += a[j]! * b[j]!;
    aa += a[j]! * a[j]!;
    bb += b[j]! * b[j]!;
  }
  products[0]! += dot;
  products[1]! += aa;
  products[2]! += bb;
}

/** out ← pair(a, b), where products are those of the vectors of which a and b are parts. `out` may be one of them. */
export function combinePair(a: Float32Array, b: Float32Array, products: Float64Array, out: Float32Array): void {
  const [dot, aa, bb] = [products[0]!, products[1]!, products[2]!];
  const ofA = aa === 0 ? 1 : 1 - dot / (2 * aa); // the square of the least f32 is far from underflow in f64
  const ofB = bb === 0 ? 1 : 1 - dot / (2 * bb);
  for (let j = 0; j < out.length; j++) out[j] = ofA * a[j]! + ofB * b[j]!;
}

export const adasumEntry: AggregatorEntry = {
  name: "adasum",
  summary: "sums what is orthogonal, averages what is parallel",
  paper: "arXiv:2006.02924",
  law: "(1 − a·b/2‖a‖²) a + (1 − a·b/2‖b‖²) b along a binary tree; ‖result‖² ≤ Σ‖x_i‖²",
  options: [{ name: "per-layer=true|false", meaning: "each tensor by itself (default), or the whole vector as one" }],
  examples: ["adasum", "adasum:per-layer=false"],
  parse(spec, where) {
    checkArguments(spec, where, 0, ["per-layer"]);
    const known = new Map([
      ["true", true],
      ["false", false],
    ]);
    return adasum({
      perLayer: lookUp(known, spec.options.get("per-layer") ?? "true", `${where}: per-layer`, "one of"),
    });
  },
};
