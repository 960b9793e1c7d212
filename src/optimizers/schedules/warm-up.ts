/**
 * Warm-up: a straight line over W rounds from s η to η, then another schedule over the T − W rounds that are left,
 *
 *     η_t = η (s + (1 − s) t/W)   for t ≤ W.
 *
 * For batches k times larger with a k times larger η, s = 1/k starts at the rate of the small batch.
 * @see Goyal et al. 2017, "Accurate, Large Minibatch SGD", arXiv:1706.02677
 */
import { checkArguments, parseNumber, type Spec } from "../../base/spec.ts";
import { constant } from "./constant.ts";
import { inRounds, type Schedule, type ScheduleEntry, specOf } from "./schedule.ts";

export interface WarmUpOptions {
  /** W ≥ 1, or, below 1, a share of T. */
  readonly length: number;
  /** s in [0, 1] */
  readonly start: number;
}

/** @param then what follows; its rounds are counted from the end of the warm-up */
export function warmUp({ length, start }: WarmUpOptions, then: Schedule = constant): Schedule {
  const own = specOf("warmup", [`${length}`, start !== 0 && `start=${start}`]);
  const after = (rounds: number): number => Math.min(rounds, Math.round(inRounds(length, rounds)));
  return {
    name: then === constant ? own : `${own}+${then.name}`,
    factor(t, rounds) {
      const warm = after(rounds);
      if (t <= warm) return start + ((1 - start) * t) / warm;
      return rounds === warm ? 1 : then.factor(t - warm, rounds - warm);
    },
    warnings: (use) => then.warnings?.({ ...use, rounds: use.rounds - after(use.rounds) }) ?? [],
  };
}

/** @throws {ConfigError} */
export function parseWarmUp(spec: Spec, where: string): WarmUpOptions {
  checkArguments(spec, where, 1, ["start"]);
  return {
    length: parseNumber(spec.values[0] ?? "0.05", `${where}: warmup`, { above: 0 }),
    start: parseNumber(spec.options.get("start") ?? "0", `${where}: start`, { min: 0, max: 1 }),
  };
}

export const warmUpEntry: ScheduleEntry = {
  name: "warmup",
  summary: "a straight line up, then another schedule, or constant",
  paper: "arXiv:1706.02677",
  law: "η_t = η (s + (1 − s) t/W) for t ≤ W",
  options: [
    { name: "length", meaning: "W in rounds, or a share of T (default 0.05)" },
    { name: "start", meaning: "s, the share of η to start from (default 0)" },
  ],
  examples: ["warmup:5+cosine", "warmup:0.1,start=0.125"],
  parse: (spec, where) => warmUp(parseWarmUp(spec, where)),
};
