/**
 * Exponential moving average: x̄ ← d x̄ + (1 − d) x. How it begins:
 *
 *     first   x̄ is the first iterate absorbed (the initial parameters, for whoever offers them first)
 *     zero    from 0, divided by 1 − d^k: w_k = (1 − d)/(1 − d^k)
 *     warm    as first, then d_k = min(d, (1 + k)/(10 + k)) for the k-th one after it
 */
import { pow } from "../../base/maths.ts";
import { checkArguments, lookUp, parseNumber } from "../../base/spec.ts";
import { type Averaging, averagingOf } from "./averaging.ts";
import type { AveragingEntry } from "./entry.ts";

export type EmaStart = "first" | "zero" | "warm";

/** w_k, k > 1, from d. */
const weights: ReadonlyMap<EmaStart, (d: number) => (k: number) => number> = new Map([
  ["zero", (d) => (k) => (1 - d) / (1 - pow(d, k))],
  ["first", (d) => () => 1 - d],
  ["warm", (d) => (k) => 1 - Math.min(d, k / (9 + k))],
]);

/** @param d in [0, 1) */
export const ema = (d = 0.999, start: EmaStart = "zero"): Averaging =>
  averagingOf(`ema:${d}${start === "zero" ? "" : `,start=${start}`}`, weights.get(start)!(d));

export const emaEntry: AveragingEntry = {
  name: "ema",
  summary: "an exponential moving average of the iterates",
  law: "x̄ ← d x̄ + (1 − d) x",
  options: [
    { name: "d", meaning: "the weight of the past (default 0.999)" },
    { name: "start", meaning: "zero (default, corrected), first or warm" },
  ],
  examples: ["ema:0.999", "ema:0.9,start=first", "ema:0.99,start=warm"],
  parse(spec, where) {
    checkArguments(spec, where, 1, ["start"]);
    const starts = new Map([...weights.keys()].map((start) => [start as string, start]));
    return ema(
      parseNumber(spec.values[0] ?? "0.999", where, { min: 0, below: 1 }),
      lookUp(starts, spec.options.get("start") ?? "zero", `${where}: start`, "one of"),
    );
  },
};
