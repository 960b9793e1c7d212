/**
 * What runs of the same job came to, as the rows of a table.
 */
import { formatBytes, formatSeconds } from "../../base/units.ts";
import type { Evaluation, RunResult } from "../../runs/result.ts";
import { oneLine } from "../complaints.ts";
import { formatCount, formatLoss, formatRatio, formatRounds, formatShare, NONE } from "../format.ts";
import { type RunStatus, STATUS_WORDS } from "../screen/run-state.ts";
import type { TableColumn } from "../table.ts";

export interface ComparedRun {
  readonly name: string;
  readonly status: RunStatus;
  /** Absent for a run that failed or was not begun. */
  readonly result?: RunResult;
  readonly error?: Error;
}

export interface ComparisonTable {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * Rounds, time and bytes until a run ended: at the target, where it reached it. The ratio is uncompressed bytes over
 * bytes for the same rounds; the speed-up compares the time to the target with the first run's.
 */
export function comparisonTable(runs: readonly ComparedRun[]): ComparisonTable {
  const column = (header: string, align: TableColumn["align"] = "right"): TableColumn => ({ header, align });
  const yardstick = runs[0]?.result?.reachedTargetAtSeconds ?? null;
  const byLoss =
    runs.some(({ result }) => result !== undefined) && runs.every(({ result }) => isMissing(result?.accuracy));
  const measure = byLoss ? column("loss") : column("accuracy");
  return {
    columns: [
      column("run", "left"),
      measure,
      column("rounds"),
      column("time"),
      column("up"),
      column("down"),
      column("ratio"),
      column("faster"),
    ],
    rows: runs.map((run) => row(run, byLoss, yardstick)),
  };
}

function row({ name, status, result }: ComparedRun, byLoss: boolean, yardstick: number | null): string[] {
  if (result === undefined) return [name, NONE, STATUS_WORDS[status], NONE, NONE, NONE, NONE, NONE];
  const end = endOf(result);
  const rounds = formatCount(end.round);
  const unreached = status === "rounds" && result.target !== null;
  return [
    name,
    byLoss ? formatLoss(end.loss) : formatShare(end.accuracy),
    status === "diverged" || status === "interrupted" ? STATUS_WORDS[status] : unreached ? `>${rounds}` : rounds,
    formatSeconds(end.seconds),
    formatBytes(end.bytesUp),
    formatBytes(end.bytesDown),
    formatRatio(result.compressionRatio),
    speedUp(yardstick, result.reachedTargetAtSeconds),
  ];
}

/** Where a run stood when it reached its target, or at its end. Telling all to stop costs bytes after that. */
function endOf(
  result: RunResult,
): Pick<Evaluation, "round" | "seconds" | "loss" | "accuracy" | "bytesUp" | "bytesDown"> {
  const reached = result.curve.find(({ round }) => round === result.reachedTargetAtRound);
  return reached ?? { ...result, round: result.rounds };
}

/** Sentences below the table: what its columns say, and how each run ended that did not reach its target. */
export function comparisonNotes(runs: readonly ComparedRun[]): string[] {
  const first = runs.find(({ result }) => result !== undefined)?.result;
  const target = first?.target ?? null;
  const clock = first?.clock === "virtual" ? "virtual time" : "time";
  const about =
    target === null
      ? []
      : [
          `Rounds, ${clock} and bytes are those until ${target}. Ratio is bytes of f32 over bytes sent; faster is the ` +
            `first run's ${clock} over this one's.`,
        ];
  const seen = new Set<string>();
  const notes = runs.flatMap(({ name, status, result, error }) => {
    const lines = (result?.warnings ?? [])
      .filter((line) => !seen.has(line) && seen.add(line))
      .map((line) => `warning: ${line}`);
    if (error !== undefined) return [...lines, `${name} ${STATUS_WORDS[status]}: ${oneLine(error.message)}`];
    if (result === undefined) return [...lines, `${name} was not begun.`];
    const after = `after ${formatRounds(result.rounds)}`;
    if (status === "diverged") return [...lines, `${name} diverged ${after}.`];
    if (status === "interrupted") return [...lines, `${name} was stopped ${after}.`];
    if (status === "rounds" && target !== null)
      return [...lines, `${name} did not reach ${target} in ${formatRounds(result.rounds)}.`];
    return lines;
  });
  return [...about, ...notes];
}

const isMissing = (value: number | null | undefined): boolean => value === null || value === undefined;

function speedUp(yardstick: number | null, time: number | null): string {
  if (yardstick === null || time === null || time === 0) return NONE;
  return `${formatRatio(yardstick / time)}x`;
}
