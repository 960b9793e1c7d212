/**
 * What Adam and its kin share: their averages, the bias corrections and the step by m/√v.
 */
import { pow } from "../base/maths.ts";
import { ratio } from "./elementwise.ts";
import type { Real } from "./optimizer.ts";
import { epsilon, type Options, weight } from "./options.ts";

export interface Moments {
  /** β₁ in [0, 1), of the average of gradients. */
  readonly b1: number;
  /** β₂ in [0, 1), of the average of squares. */
  readonly b2: number;
  /** ε ≥ 0. */
  readonly eps: number;
}

export const momentOptions = ({ b1, b2, eps }: Moments = { b1: 0.9, b2: 0.999, eps: 1e-8 }): Options<Moments> => ({
  b1: weight("β₁, of the average of gradients", b1),
  b2: weight("β₂, of the average of squares", b2),
  eps: epsilon(eps),
});

/** The step x ← x − rate · m/(√(v + inner) + outer). */
export interface Scale {
  readonly rate: number;
  readonly inner: number;
  readonly outer: number;
}

/** Where ε stands: m̂/(√v̂ + ε), m̂/√(v̂ + ε), or √(1 − β₂^t)/(1 − β₁^t) · m/(√v + ε). */
export type EpsMode = "outside" | "inside" | "raw";

/** η m/(√v + ε), without bias correction. */
export const plainScale = (learningRate: number, eps: number): Scale => ({ rate: learningRate, inner: 0, outer: eps });

/**
 * The scale of m̂ = m/(1 − β₁^t) and v̂ = v/(1 − β₂^s), with the corrections moved out of the loop.
 * @param s steps that v has averaged
 */
export function correctedScale(
  learningRate: number,
  { b1, b2, eps }: Moments,
  t: number,
  { s = t, mode = "outside" }: { s?: number; mode?: EpsMode } = {},
): Scale {
  const second = 1 - pow(b2, s);
  const root = Math.sqrt(second);
  return {
    rate: (learningRate * root) / (1 - pow(b1, t)),
    inner: mode === "inside" ? eps * second : 0,
    outer: mode === "outside" ? eps * root : mode === "raw" ? eps : 0,
  };
}

/** x ← x − rate · m/(√(v + inner) + outer). */
export function moveBy({ rate, inner, outer }: Scale, m: Real, v: Real, x: Real): void {
  for (let i = 0; i < x.length; i++) x[i] = x[i]! - rate * ratio(m[i]!, Math.sqrt(v[i]! + inner) + outer);
}

/** Adam's analyses need β₁ < √β₂: beyond it one gradient may move far while v has not seen it. */
export const momentWarnings =
  (name: string) =>
  ({ b1, b2 }: Moments): readonly string[] =>
    b1 < Math.sqrt(b2) ? [] : [`${name}: its analysis needs β₁ below √β₂ = ${Math.sqrt(b2).toPrecision(3)}, not ${b1}`];
