/**
 * Inverse: η_t = η/(1 + ct), or with √t. They do not depend on T: c/t is the rate for strongly convex losses, c/√t for
 * convex ones.
 * @see Robbins & Monro 1951, "A Stochastic Approximation Method"
 */
import { checkArguments, parseNumber } from "../../base/spec.ts";
import { FIRST_INDEX_OPTION, type FirstIndex, firstIndex } from "./first-index.ts";
import { clamped, type Schedule, type ScheduleEntry, specOf } from "./schedule.ts";

type Of = (c?: number, first?: FirstIndex) => Schedule;

const inverseOf =
  (name: string, growth: (t: number) => number): Of =>
  (c = 1, first = 1) => ({
    name: specOf(name, [c !== 1 && `c=${c}`, first !== 1 && `first=${first}`]),
    factor: clamped((t) => 1 / (1 + c * growth(t - 1 + first))),
  });

/** @param c ≥ 0 @param first whether the first round is t = 1 or t = 0 */
export const inverse: Of = inverseOf("inverse", (t) => t);

/** @param c ≥ 0 @param first whether the first round is t = 1 or t = 0 */
export const inverseRoot: Of = inverseOf("inverse-sqrt", Math.sqrt);

const entry = (name: string, growth: string, build: Of): ScheduleEntry => ({
  name,
  summary: `falls as 1/${growth}, whatever T is`,
  law: `η_t = η/(1 + c${growth})`,
  options: [{ name: "c", meaning: "how fast it falls (default 1)" }, FIRST_INDEX_OPTION],
  examples: [name, `${name}:c=0.1,first=0`],
  parse(spec, where) {
    checkArguments(spec, where, 0, ["c", "first"]);
    return build(parseNumber(spec.options.get("c") ?? "1", where, { min: 0 }), firstIndex(spec, where));
  },
});

export const inverseEntry: ScheduleEntry = entry("inverse", "t", inverse);
export const inverseRootEntry: ScheduleEntry = entry("inverse-sqrt", "√t", inverseRoot);
