/**
 * Cosine: η_t = (η/2)(1 + cos(πt/T)), down to 0: the last round of T does not move. Adapts to noise under the PL condition
 * as the exponential schedule does.
 * @see Loshchilov & Hutter 2016, "SGDR", arXiv:1608.03983
 * @see Li, Zhuang & Orabona 2020, "A Second look at Exponential and Cosine Step Sizes", arXiv:2002.05273
 */
import { cos } from "../../base/maths.ts";
import { checkArguments } from "../../base/spec.ts";
import { FIRST_INDEX_OPTION, type FirstIndex, firstIndex } from "./first-index.ts";
import { clamped, type Schedule, type ScheduleEntry, specOf } from "./schedule.ts";

/** @param first whether the first round is t = 1 or t = 0 */
export const cosine = (first: FirstIndex = 1): Schedule => ({
  name: specOf("cosine", [first !== 1 && `first=${first}`]),
  factor: clamped((t, rounds) => (1 + cos(((t - 1 + first) * Math.PI) / rounds)) / 2),
});

export const cosineEntry: ScheduleEntry = {
  name: "cosine",
  summary: "half a wave of the cosine, from η to 0",
  paper: "arXiv:1608.03983",
  law: "η_t = (η/2)(1 + cos(πt/T))",
  options: [FIRST_INDEX_OPTION],
  examples: ["cosine", "cosine:first=0"],
  parse(spec, where) {
    checkArguments(spec, where, 0, ["first"]);
    return cosine(firstIndex(spec, where));
  },
};
