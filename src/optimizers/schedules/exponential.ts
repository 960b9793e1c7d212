/**
 * Exponential: η_t = η α^t with α = (β/T)^(1/T), down to η β/T. Under the PL condition the rate adapts to the noise
 * without knowing it: linear where there is none, about σ²/(μ²T) otherwise.
 * @see Li, Zhuang & Orabona 2020, "A Second look at Exponential and Cosine Step Sizes", arXiv:2002.05273
 */
import { pow } from "../../base/maths.ts";
import { checkArguments, parseNumber } from "../../base/spec.ts";
import type { OptimizerUse } from "../optimizer.ts";
import { FIRST_INDEX_OPTION, type FirstIndex, firstIndex } from "./first-index.ts";
import { clamped, type Schedule, type ScheduleEntry, specOf } from "./schedule.ts";

/** @param beta β > 0; the paper has 1 ≤ β < T @param first whether the first round is t = 1 or t = 0 */
export function exponential(beta = 1, first: FirstIndex = 1): Schedule {
  return {
    name: specOf("exponential", [beta !== 1 && `beta=${beta}`, first !== 1 && `first=${first}`]),
    factor: clamped((t, rounds) => pow(beta / rounds, (t - 1 + first) / rounds)),
    warnings: (use) => exponentialWarnings("exponential", beta, use),
  };
}

/** The conditions of the exponential schedule, where noise is bounded: η ≤ 1/L, T ≥ max(3, β), β ≥ 1. */
export function exponentialWarnings(name: string, beta: number, { learningRate, rounds, L }: OptimizerUse): string[] {
  const lines: string[] = [];
  if (L !== undefined && learningRate * L > 1) {
    lines.push(`${name}: its guarantee needs η at most 1/L = ${(1 / L).toPrecision(3)}; η is ${learningRate}`);
  }
  if (rounds < Math.max(3, beta))
    lines.push(`${name}: it needs T at least max(3, β) = ${Math.max(3, beta)}, not ${rounds}`);
  if (beta < 1) lines.push(`${name}: its guarantee needs β at least 1, not ${beta}`);
  return lines;
}

export const exponentialEntry: ScheduleEntry = {
  name: "exponential",
  summary: "falls by the same factor every round",
  paper: "arXiv:2002.05273",
  law: "η_t = η (β/T)^(t/T)",
  options: [{ name: "beta", meaning: "β, the last learning rate is η β/T (default 1)" }, FIRST_INDEX_OPTION],
  examples: ["exponential", "exponential:beta=2,first=0"],
  parse(spec, where) {
    checkArguments(spec, where, 0, ["beta", "first"]);
    return exponential(parseNumber(spec.options.get("beta") ?? "1", where, { above: 0 }), firstIndex(spec, where));
  },
};
