/** Polynomial: η_t = η (1 − (t − 1)/T)^p; p = 1 is a straight line from η to η/T, p = 2 the usual one with LARS. */
import { pow } from "../../base/maths.ts";
import { checkArguments, parseNumber } from "../../base/spec.ts";
import { clamped, type Schedule, type ScheduleEntry, specOf } from "./schedule.ts";

/** @param power p ≥ 0 */
export const polynomial = (power = 1): Schedule => ({
  name: specOf("polynomial", [power !== 1 && `power=${power}`]),
  factor: clamped((t, rounds) => pow(1 - (t - 1) / rounds, power)),
});

export const polynomialEntry: ScheduleEntry = {
  name: "polynomial",
  summary: "a power of what is left of the run; a straight line by default",
  law: "η_t = η (1 − (t − 1)/T)^p",
  options: [{ name: "power", meaning: "p (default 1)" }],
  examples: ["polynomial", "polynomial:power=2"],
  parse(spec, where) {
    checkArguments(spec, where, 0, ["power"]);
    return polynomial(parseNumber(spec.options.get("power") ?? "1", where, { min: 0 }));
  },
};
