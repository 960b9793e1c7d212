/**
 * Gadam: constant to ½ T_avg, a straight line down to η_avg at 0.9 T_avg, and constant from then on, where iterates are
 * averaged from round T_avg on (`averaging/tail.ts`): a rate that stays large lets the average do its work.
 * @see Granziol, Wan, Albanie & Roberts 2020, "Iterative Averaging in the Quest for Best Test Error", arXiv:2003.01247
 */
import { checkArguments, parseNumber } from "../../base/spec.ts";
import { clamped, inRounds, type Schedule, type ScheduleEntry, specOf } from "./schedule.ts";

/** 161 of 300 epochs, as in the authors' code. */
const AVERAGE_FROM = 161 / 300;

/** @param from T_avg in rounds, or, below 1, as a share of T @param floor η_avg/η in [0, 1] */
export const gadam = (from: number = AVERAGE_FROM, floor = 0.5): Schedule => ({
  name: specOf("gadam", [from !== AVERAGE_FROM && `from=${from}`, floor !== 0.5 && `floor=${floor}`]),
  factor: clamped((t, rounds) => {
    const share = t / inRounds(from, rounds);
    if (share <= 0.5) return 1;
    return share >= 0.9 ? floor : 1 - ((1 - floor) * (share - 0.5)) / 0.4;
  }),
});

export const gadamEntry: ScheduleEntry = {
  name: "gadam",
  summary: "constant, a straight line down, constant: for averages from T_avg on",
  paper: "arXiv:2003.01247",
  law: "η_t = η to ½ T_avg, down to η_avg at 0.9 T_avg, then η_avg",
  options: [
    { name: "from", meaning: "T_avg in rounds, or a share of T (default 161/300)" },
    { name: "floor", meaning: "η_avg/η (default 0.5)" },
  ],
  examples: ["gadam", "gadam:from=0.6,floor=0.1"],
  parse(spec, where) {
    checkArguments(spec, where, 0, ["from", "floor"]);
    const from = spec.options.get("from");
    return gadam(
      from === undefined ? AVERAGE_FROM : parseNumber(from, `${where}: from`, { above: 0 }),
      parseNumber(spec.options.get("floor") ?? "0.5", `${where}: floor`, { min: 0, max: 1 }),
    );
  },
};
