/** Stages: the learning rate is multiplied by ρ after each milestone, η_t = η ρ^#{m < t}. */
import { pow } from "../../base/maths.ts";
import { checkArguments, parseNumber } from "../../base/spec.ts";
import { clamped, inRounds, type Schedule, type ScheduleEntry, specOf } from "./schedule.ts";

const MILESTONES: readonly number[] = [0.5, 0.75];

/** @param milestones rounds after which it falls; below 1, shares of T @param rho ρ > 0 */
export const stages = (milestones: readonly number[] = MILESTONES, rho = 0.1): Schedule => ({
  name: specOf("stages", [`${milestones}` !== `${MILESTONES}` && milestones.join(","), rho !== 0.1 && `rho=${rho}`]),
  factor: clamped((t, rounds) => pow(rho, milestones.filter((moment) => inRounds(moment, rounds) < t).length)),
});

export const stagesEntry: ScheduleEntry = {
  name: "stages",
  summary: "falls by a factor at milestones",
  law: "η_t = η ρ^#{m < t}",
  options: [
    { name: "milestones", meaning: "rounds after which it falls, or shares of T (default 0.5,0.75)" },
    { name: "rho", meaning: "ρ, the factor (default 0.1)" },
  ],
  examples: ["stages", "stages:30,60,80,rho=0.2"],
  parse(spec, where) {
    checkArguments(spec, where, Number.POSITIVE_INFINITY, ["rho"]);
    const milestones = spec.values.map((text) => parseNumber(text, where, { above: 0 }));
    const rho = parseNumber(spec.options.get("rho") ?? "0.1", `${where}: rho`, { above: 0 });
    return stages(milestones.length === 0 ? MILESTONES : milestones, rho);
  },
};
