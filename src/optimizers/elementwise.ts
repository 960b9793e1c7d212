/**
 * What the steps of optimizers are made of, for f32 and f64 alike: each entry is computed in f64 and rounded where it is
 * stored; sums accumulate in f64.
 */
import { kernels } from "../kernels/index.ts";
import type { Real } from "./optimizer.ts";

/** out ← keep · out + take · x. */
export function combine(keep: number, take: number, x: Real, out: Real): void {
  for (let i = 0; i < out.length; i++) out[i] = keep * out[i]! + take * x[i]!;
}

/** out ← β out + (1 − β) x. */
export const average = (beta: number, x: Real, out: Real): void => combine(beta, 1 - beta, x, out);

/** out ← β out + (1 − β) x². */
export function averageSquares(beta: number, x: Real, out: Real): void {
  for (let i = 0; i < out.length; i++) out[i] = beta * out[i]! + (1 - beta) * x[i]! * x[i]!;
}

/** out ← max(out, x). */
export function keepLargest(x: Real, out: Real): void {
  for (let i = 0; i < out.length; i++) if (x[i]! > out[i]!) out[i] = x[i]!;
}

/** y ← y + a x over the entries from `start` to below `end`. */
export function addScaled(a: number, x: Real, y: Real, start = 0, end: number = y.length): void {
  for (let i = start; i < end; i++) y[i] = y[i]! + a * x[i]!;
}

/** x ← a x over the entries from `start` to below `end`. */
export function scale(a: number, x: Real, start = 0, end: number = x.length): void {
  for (let i = start; i < end; i++) x[i] = a * x[i]!;
}

/** a/b, where 0/0 is 0, as is a/0 when the square of a was too small to be kept. */
export const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);

/** ‖x‖ over the entries from `start` to below `end`. */
export function norm(x: Real, start = 0, end: number = x.length): number {
  if (x instanceof Float32Array && end - start === x.length) return Math.sqrt(kernels.sumSquares(x));
  let sum = 0;
  for (let i = start; i < end; i++) sum += x[i]! * x[i]!;
  return Math.sqrt(sum);
}

export function allFinite(x: Real): boolean {
  return x instanceof Float32Array ? kernels.allFinite(x) : x.every(Number.isFinite);
}
