/**
 * How fast gossip on a topology averages: r = ‖W_T ⋯ W_1 − J‖₂^(1/T), J = 1/n everywhere and T the period. Each round
 * brings x nearer to its mean by the factor r, at worst; 1 − r is the spectral gap, for a symmetric W 1 − max(|λ₂|, |λ_n|).
 * Only + − × ÷ and square roots: the same bits on every machine.
 */
import { pow } from "../base/maths.ts";
import { Random } from "../base/random.ts";
import { type Edge, ranks, selfWeight, type Topology } from "./topology.ts";

/** Steps of Lanczos, exact up to so many peers. Beyond, r may come out too small: for a chain of 1024, by 7e-6. */
const STEPS_MAX = 400;

/** A norm below this is rounding: the period averages exactly. */
const ROUNDING = 1e-12;

/** r in [0, 1]; 0 where a period is an exact average. */
export function mixingRate(topology: Topology): number {
  const { n, period } = topology;
  if (n === 1) return 0;
  const rounds = ranks(period).map((round) => matrixOf(topology, round));
  const norm = spectralNorm(n, (v) => {
    let z = centred(v);
    for (const matrix of rounds) z = centred(matrix.times(z));
    for (const matrix of rounds.toReversed()) z = centred(matrix.transposedTimes(z));
    return z;
  });
  return norm < ROUNDING ? 0 : pow(Math.min(1, norm), 1 / period);
}

/** ρ = 1 − r */
export const spectralGap = (topology: Topology): number => 1 - mixingRate(topology);

/** ‖I − W‖₂ in [0, 2], of a symmetric W. */
export function laplacianNorm(topology: Topology): number {
  const matrix = matrixOf(topology, 0);
  const minus = (v: Float64Array) => matrix.times(v).map((value, i) => v[i]! - value);
  return spectralNorm(topology.n, (v) => minus(minus(v)));
}

interface Matrix {
  times(v: Float64Array): Float64Array;
  transposedTimes(v: Float64Array): Float64Array;
}

function matrixOf(topology: Topology, round: number): Matrix {
  const all = ranks(topology.n);
  const own = all.map((i) => selfWeight(topology, i, round));
  const product = (edges: readonly (readonly Edge[])[]) => (v: Float64Array) =>
    v.map((value, i) => edges[i]!.reduce((sum, { peer, weight }) => sum + weight * v[peer]!, own[i]! * value));
  return {
    times: product(all.map((i) => topology.hears(i, round))),
    transposedTimes: product(all.map((i) => topology.tells(i, round))),
  };
}

/** v − mean(v) */
function centred(v: Float64Array): Float64Array {
  const mean = v.reduce((sum, value) => sum + value, 0) / v.length;
  return v.map((value) => value - mean);
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!; // reduce takes ten times as long
  return sum;
}

/**
 * ‖A‖₂ from v ↦ AᵀA v: the root of the largest eigenvalue of the tridiagonal matrix that Lanczos with full
 * reorthogonalisation makes of it.
 */
function spectralNorm(n: number, square: (v: Float64Array) => Float64Array): number {
  const rng = Random.fromSeed(1).split("spectrum");
  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const beside: number[] = [];
  let v = centred(Float64Array.from({ length: n }, (_, i) => rng.uniform(i) - 0.5));
  let length = Math.sqrt(dot(v, v));
  while (basis.length < Math.min(n, STEPS_MAX) && length > ROUNDING) {
    const scale = length;
    const q = v.map((value) => value / scale);
    basis.push(q);
    v = square(q);
    diagonal.push(dot(q, v));
    for (const _ of [0, 1]) {
      for (const p of basis) {
        const part = dot(p, v);
        for (let i = 0; i < n; i++) v[i]! -= part * p[i]!;
      }
    }
    length = Math.sqrt(dot(v, v));
    beside.push(length);
  }
  return Math.sqrt(Math.max(0, largestEigenvalue(diagonal, beside)));
}

/** Of a symmetric tridiagonal matrix, by bisection on the number of negative pivots. */
function largestEigenvalue(diagonal: readonly number[], beside: readonly number[]): number {
  const bound = diagonal.reduce((most, d, i) => Math.max(most, Math.abs(d) + (beside[i - 1] ?? 0) + beside[i]!), 0);
  const isAbove = (x: number) => {
    let pivot = 1;
    return diagonal.every((d, i) => {
      pivot = d - x - (i === 0 ? 0 : (beside[i - 1]! * beside[i - 1]!) / pivot);
      return pivot < 0;
    });
  };
  let [low, high] = [-bound, bound];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (isAbove(middle)) high = middle;
    else low = middle;
  }
  return high;
}
