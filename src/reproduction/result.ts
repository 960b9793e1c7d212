/**
 * The result of an experiment, as it is printed and kept.
 */
import type { Bench, Experiment, Figure } from "./experiment.ts";

export interface ReproductionResult {
  readonly name: string;
  readonly title: string;
  readonly paper: string;
  readonly claim: string;
  readonly setting: string;
  readonly measured: string;
  readonly verdict: "holds" | "differs";
  readonly reason?: string;
  readonly seconds: number;
}

export interface Reproduced {
  readonly result: ReproductionResult;
  readonly figure: Figure;
}

/** @param clock in milliseconds */
export async function reproduce(experiment: Experiment, bench: Bench, clock: () => number): Promise<Reproduced> {
  const began = clock();
  const { measured, holds, reason, figure } = await experiment.run(bench);
  const { name, title, paper, claim, setting } = experiment;
  const seconds = Number(((clock() - began) / 1000).toFixed(1));
  const verdict = holds ? "holds" : "differs";
  const because = reason === undefined ? {} : { reason };
  return { result: { name, title, paper, claim, setting, measured, verdict, ...because, seconds }, figure };
}
