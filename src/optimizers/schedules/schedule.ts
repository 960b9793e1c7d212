/**
 * Schedule: what the learning rate is multiplied by as a run goes on, η_t = η · factor(t, T).
 */
import type { Spec } from "../../base/spec.ts";
import type { OptimizerUse } from "../optimizer.ts";

export interface Schedule {
  /** Canonical spec: `warmup:5+cosine`. */
  readonly name: string;
  /**
   * η_t/η of round t = 1, 2, … of T; beyond T the factor of round T (`pastEnd` tells).
   * @param rounds T ≥ 1
   */
  factor(t: number, rounds: number): number;
  /** One line for each condition of its paper that is broken. */
  warnings?(use: OptimizerUse): readonly string[];
}

/** What the table of schedules knows of one. */
export interface ScheduleEntry {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** arXiv number or citation. */
  readonly paper?: string;
  /** η_t in symbols. */
  readonly law: string;
  readonly options: readonly { readonly name: string; readonly meaning: string }[];
  /** Canonical specs that cover the variants, the usual one first. */
  readonly examples: readonly string[];
  /** @throws {ConfigError} naming `where` */
  parse(spec: Spec, where: string): Schedule;
}

/** A factor that stays at its last value beyond T. */
export const clamped =
  (factor: Schedule["factor"]): Schedule["factor"] =>
  (t, rounds) =>
    factor(Math.min(t, rounds), rounds);

/** A line if the run has left its schedule behind. */
export const pastEnd = ({ name }: Schedule, t: number, rounds: number): string | undefined =>
  t <= rounds ? undefined : `${name}: made for ${rounds} rounds; round ${t} keeps the last learning rate`;

/** A moment of the run: a whole number of rounds, or a share of T below 1. */
export const inRounds = (moment: number, rounds: number): number => (moment < 1 ? moment * rounds : moment);

/** `name`, or `name:words` of the options that are not the default. */
export const specOf = (name: string, words: readonly (string | false)[]): string => {
  const said = words.filter((word) => word !== false);
  return said.length === 0 ? name : `${name}:${said.join(",")}`;
};
