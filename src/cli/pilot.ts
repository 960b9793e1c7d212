/**
 * A pilot: short runs of the most promising candidates, in virtual time and within a budget of real time.
 */
import type { PlanRow, Standing } from "../planning/plan.ts";
import { variantName } from "./options/variants.ts";
import type { World } from "./world.ts";

export interface PilotOptions {
  /** Real time for all runs together. */
  readonly milliseconds: number;
  /** Aborted to end with what is known by then. */
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
  /** Hears of each run before it begins. */
  readonly say: (line: string) => void;
}

/** Rounds: a pilot may have few. */
const EVAL_EVERY = 2;

/** One after the other, since runs that share the machine's cores slow each other down; what one leaves is the next one's. */
export async function pilot(world: World, rows: readonly PlanRow[], options: PilotOptions): Promise<Standing[]> {
  const end = world.now() + options.milliseconds;
  const runs: Standing[] = [];
  for (const [i, row] of rows.entries()) {
    if (options.stop.aborted) break;
    const share = Math.max(0, end - world.now()) / (rows.length - i);
    options.say(`pilot ${i + 1}/${rows.length}: ${variantName(row.job)}`);
    const over = new AbortController();
    const callOff = world.schedule(share, () => over.abort());
    try {
      const stop = AbortSignal.any([options.stop, over.signal]);
      const job = { ...row.job, evalEvery: Math.min(row.job.evalEvery, EVAL_EVERY) };
      runs.push({ row, result: await world.engines.simulate(job, { stop, kill: options.kill }) });
    } finally {
      callOff();
    }
  }
  return runs;
}
