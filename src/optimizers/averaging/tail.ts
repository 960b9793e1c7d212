/**
 * Tail: the mean of the iterates after round T_avg, or of every c-th of them. With a learning rate that stays large, or is
 * cyclical, and c an epoch, it is stochastic weight averaging; behind AdamW it is Gadam, behind PAdam GadamX
 * (`schedules/gadam.ts`). The suffix average is the tail of the last ⌈αT⌉ rounds.
 * @see Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization", arXiv:1803.05407
 * @see Granziol, Wan, Albanie & Roberts 2020, "Iterative Averaging in the Quest for Best Test Error", arXiv:2003.01247
 * @see Rakhlin, Shamir & Sridharan 2012, "Making Gradient Descent Optimal", arXiv:1109.5647 (suffix)
 */
import { ConfigError } from "../../base/errors.ts";
import { checkArguments, parseNumber } from "../../base/spec.ts";
import { type Averaging, averagingOf } from "./averaging.ts";
import type { AveragingEntry } from "./entry.ts";

/** @param from T_avg ≥ 0: the iterates t with t > T_avg and (t − T_avg) mod c = 0 @param every c ≥ 1 */
export const tail = (from = 0, every = 1): Averaging =>
  averagingOf(`tail:from=${from}${every === 1 ? "" : `,every=${every}`}`, (k) => 1 / k, { from, every });

/** @param fraction α in (0, 1] @param rounds T */
export const suffix = (fraction: number, rounds: number): Averaging =>
  averagingOf(`suffix:${fraction}`, (k) => 1 / k, { from: rounds - Math.ceil(fraction * rounds), every: 1 });

export const tailEntry: AveragingEntry = {
  name: "tail",
  summary: "the mean of the iterates after a round, or of every c-th: stochastic weight averaging",
  paper: "arXiv:1803.05407",
  law: "x̄ = mean of x_t, t > T_avg, (t − T_avg) mod c = 0",
  options: [
    { name: "from", meaning: "T_avg, rounds before the first one (default 0)" },
    { name: "every", meaning: "c, rounds from one to the next (default 1)" },
  ],
  examples: ["tail:from=2", "tail:from=1,every=3"],
  parse(spec, where) {
    checkArguments(spec, where, 0, ["from", "every"]);
    return tail(
      parseNumber(spec.options.get("from") ?? "0", `${where}: from`, { min: 0, integer: true }),
      parseNumber(spec.options.get("every") ?? "1", `${where}: every`, { min: 1, integer: true }),
    );
  },
};

export const suffixEntry: AveragingEntry = {
  name: "suffix",
  summary: "the mean of the last part of a run of known length",
  paper: "arXiv:1109.5647",
  law: "x̄ = mean of the last ⌈αT⌉ iterates",
  options: [{ name: "fraction", meaning: "α (default 0.5)" }],
  examples: ["suffix:0.5"],
  parse(spec, where, rounds) {
    checkArguments(spec, where, 1);
    if (rounds === undefined) {
      const hint = "tail:from=100 starts at a round of your choice.";
      throw new ConfigError(where, { expected: "suffix in a run of known length", got: spec.text, hint });
    }
    return suffix(parseNumber(spec.values[0] ?? "0.5", where, { above: 0, max: 1 }), rounds);
  },
};
