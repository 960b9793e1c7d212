/**
 * Published trajectories: each optimizer follows known iterates on small problems, in f64 to 1e-12 and in f32 to ten times
 * what a plain f32 run deviates by.
 *
 * X(k) is the iterate after k steps, from X(0) = `start`; step t = 1, 2, … takes its gradient at X(t − 1), or where a
 * look-ahead method asks for it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Layout, layoutOf } from "../base/layout.ts";
import type { MakeVector, Optimizer, Real } from "./optimizer.ts";

export interface Problem {
  readonly layout: Layout;
  readonly start: readonly number[];
  loss(x: Real): number;
  /** Writes the gradient that step t sees at x. */
  gradient(x: Real, t: number, out: Real): void;
}

const quadratic = (noise: (t: number) => number): Problem => ({
  layout: layoutOf([["x", [2]]]),
  start: [1, 1],
  loss: ([a, b]) => (3 * a! * a! + 2 * a! * b! + 2 * b! * b!) / 2 - a! + b!,
  gradient([a, b], t, out) {
    out[0] = 3 * a! + b! - 1 + noise(t);
    out[1] = a! + 2 * b! + 1 - noise(t);
  },
});

/** f = ½xᵀAx − bᵀx, A = [[3, 1], [1, 2]], b = (1, −1): x* = (0.6, −0.8), f* = −0.7. */
export const p2: Problem = quadratic(() => 0);
/** The eigenvalues of A. */
export const P2_MU: number = (5 - Math.sqrt(5)) / 2;
export const P2_L: number = (5 + Math.sqrt(5)) / 2;

/** P2 under noise: g_t = ∇f(x_t) + ½(−1)^t (1, −1). */
export const n2: Problem = quadratic((t) => (t % 2 === 0 ? 0.5 : -0.5));

const curvature = [1, 4, 0.25];

/** f = ½(x₁² + 4x₂² + ¼x₃²) in two layers, {1, 2} and {3}. */
export const p3: Problem = {
  layout: layoutOf([
    ["first", [2]],
    ["second", [1]],
  ]),
  start: [1, -2, 3],
  loss: (x) => weightedSquares(curvature, x) / 2,
  gradient(x, _, out) {
    for (let i = 0; i < 3; i++) out[i] = curvature[i]! * x[i]!;
  },
};

const stretch = [1, 3, 10];

/** Scale invariant: f = xᵀMx/‖x‖², M = diag(1, 3, 10), ∇f = 2(Mx − f x)/‖x‖². */
export const si: Problem = {
  layout: layoutOf([["x", [3]]]),
  start: [0.3, -0.2, 0.1],
  loss: (x) => weightedSquares(stretch, x) / weightedSquares([1, 1, 1], x),
  gradient(x, _, out) {
    const f = si.loss(x);
    const norm = weightedSquares([1, 1, 1], x);
    for (let i = 0; i < 3; i++) out[i] = (2 * (stretch[i]! * x[i]! - f * x[i]!)) / norm;
  },
};

const weightedSquares = (weights: readonly number[], x: Real): number =>
  weights.reduce((sum, weight, i) => sum + weight * x[i]! * x[i]!, 0);

export const f64: MakeVector = (length) => new Float64Array(length);
export const f32: MakeVector = (length) => new Float32Array(length);

/** η of all steps, or of step t = 1, 2, …. */
export type LearningRate = number | ((t: number) => number);

export interface Trajectory {
  readonly name: string;
  readonly problem: Problem;
  readonly optimizer: Optimizer;
  readonly learningRate: LearningRate;
  /** X(k) by k. */
  readonly points: Readonly<Record<number, readonly number[]>>;
  /** f(X(k)) without noise, to 1e-9 in f64. */
  readonly loss?: { readonly after: number; readonly value: number };
  /** The largest deviation of a plain f32 run; ten times as much is allowed, and 1e-6 always. */
  readonly f32: number;
}

/** X(0), X(1), …, X(steps). */
export function follow(
  { problem, optimizer, learningRate }: Pick<Trajectory, "problem" | "optimizer" | "learningRate">,
  steps: number,
  make: MakeVector = f64,
): Real[] {
  const stepper = optimizer.open(problem.layout, make);
  const params = make(problem.layout.length);
  const gradient = make(problem.layout.length);
  params.set(problem.start);
  const path = [params.slice()];
  for (let t = 1; t <= steps; t++) {
    problem.gradient(params, t, gradient);
    stepper.step(params, gradient, typeof learningRate === "number" ? learningRate : learningRate(t), problem.loss);
    path.push((stepper.iterate?.(params) ?? params).slice());
  }
  return path;
}

/** @throws {AssertionError} unless every entry of `actual` is within `tolerance` */
export function assertNear(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = "vector",
): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(actual[i]! - expected[i]!);
    assert.ok(off <= tolerance, `${what}[${i}] is ${actual[i]}, expected ${expected[i]} within ${tolerance}`);
  }
}

/** Runs the trajectory as two tests, one a precision. */
export function holdsTrajectory(row: Trajectory): void {
  const ks = Object.keys(row.points).map(Number);
  test(`${row.name} follows its trajectory in f64`, () => {
    const path = follow(row, Math.max(...ks, row.loss?.after ?? 0), f64);
    for (const k of ks) assertNear(path[k]!, row.points[k]!, 1e-12, `X(${k})`);
    if (row.loss === undefined) return;
    const { after, value } = row.loss;
    assertNear([row.problem.loss(path[after]!)], [value], 1e-9, `f(X(${after}))`);
  });
  test(`${row.name} follows its trajectory in f32`, () => {
    const path = follow(row, Math.max(...ks), f32);
    for (const k of ks) assertNear(path[k]!, row.points[k]!, Math.max(1e-6, 10 * row.f32), `X(${k})`);
  });
}
