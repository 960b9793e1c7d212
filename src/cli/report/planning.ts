/**
 * A plan as a table, and the reasons for what it recommends.
 */
import { formatBytes, formatSeconds } from "../../base/units.ts";
import { REFERENCE } from "../../planning/candidates.ts";
import { bestOf, type Plan, type PlanRow, type Standing } from "../../planning/plan.ts";
import type { Part } from "../../planning/rounds.ts";
import { formatLink, type Job } from "../../runs/job.ts";
import type { RunResult } from "../../runs/result.ts";
import { formatCount, formatLoss, formatRatio, formatRounds, formatShare, NONE } from "../format.ts";
import { simulateCommandLine } from "../options/job-options.ts";
import { variantName } from "../options/variants.ts";
import type { TableColumn } from "../table.ts";

const PART_NAMES: Readonly<Record<Part, string>> = {
  compute: "computing",
  codecs: "codecs",
  latency: "latency",
  "server up": "server's up port",
  "server down": "server's down port",
  "peers up": "peers' up ports",
  "peers down": "peers' down ports",
};

export interface Recommendation {
  readonly row: PlanRow;
  /** What it rests on. */
  readonly by: "pilot" | "estimate";
  readonly reasons: readonly string[];
  /** Tries it. */
  readonly command: string;
}

export function planTable(
  { rows }: Plan,
  pilots: readonly Standing[],
): { columns: readonly TableColumn[]; rows: readonly (readonly string[])[] } {
  const column = (header: string, align: TableColumn["align"] = "right"): TableColumn => ({ header, align });
  const measured = new Map(pilots.map(({ row, result }) => [row, result]));
  return {
    columns: [
      column("recipe", "left"),
      column("a round"),
      column("sent by a peer"),
      column("most of it", "left"),
      column("sooner*"),
      ...(pilots.length === 0 ? [] : [column("pilot", "left")]),
    ],
    rows: rows.map((row) => [
      variantName(row.job),
      formatSeconds(row.round.seconds),
      formatBytes(row.round.bytes / row.job.peers),
      bottleneckText(row),
      formatRatio(1 / row.relative),
      ...(pilots.length === 0 ? [] : [pilotText(measured.get(row))]),
    ]),
  };
}

/** `latency 73 %` */
function bottleneckText({ bottleneck, round }: PlanRow): string {
  if (round.seconds === 0) return NONE;
  return `${PART_NAMES[bottleneck]} ${Math.round((100 * round.parts[bottleneck]) / round.seconds)} %`;
}

function pilotText(result: RunResult | undefined): string {
  if (result === undefined) return NONE;
  const { reachedTargetAtSeconds: seconds, reachedTargetAtRound: round, outcome } = result;
  if (seconds !== null && round !== null) return `${formatRounds(round)}, ${formatSeconds(seconds)}`;
  return outcome === "diverged" ? "diverged" : `${qualityOf(result)} at ${formatSeconds(result.seconds)}`;
}

const qualityOf = ({ accuracy, loss }: RunResult): string =>
  accuracy === null ? `loss ${formatLoss(loss)}` : formatShare(accuracy);

/** @param pilots of some of the rows; with one at least, they decide */
export function recommendationOf(plan: Plan, pilots: readonly Standing[]): Recommendation {
  const { row } = pilots.length === 0 ? { row: plan.rows[0]! } : bestOf(pilots);
  return {
    row,
    by: pilots.length === 0 ? "estimate" : "pilot",
    reasons: [
      ...roundReasons(plan, row),
      pilots.length === 0 ? estimateReason(row) : pilotReason(bestOf(pilots), pilots),
    ],
    command: simulateCommandLine(row.job),
  };
}

function roundReasons({ rows }: Plan, row: PlanRow): string[] {
  const sgd = rows.find(({ job }) => job.recipe === "sgd");
  const own = `A round takes ${formatSeconds(row.round.seconds)} (${bottleneckText(row)})`;
  if (sgd === undefined || sgd === row) return [`${own}.`];
  return [`${own}, one of sgd ${formatSeconds(sgd.round.seconds)} (${bottleneckText(sgd)}).`];
}

function estimateReason({ job, ratio, relative }: PlanRow): string {
  if (job.recipe === "sgd") return "By the estimate nothing is sooner. --pilot 30s measures it.";
  return (
    `Where that was measured it took ${ratio} times the rounds of sgd: by this estimate ${formatRatio(1 / relative)} times ` +
    "less time to a target, which was not measured for this job. --pilot 30s measures it."
  );
}

function pilotReason(best: Standing, pilots: readonly Standing[]): string {
  const others = pilots.filter(({ row }) => row !== best.row);
  const next = others.length === 0 ? "" : `, ${told(bestOf(others))} next`;
  const how = best.result.reachedTargetAtSeconds === null ? "the best" : "the first";
  return `In the pilot it was ${how}: ${told(best)}${next}. Times are virtual.`;
}

const told = ({ row, result }: Standing): string => `${variantName(row.job)} ${pilotText(result)}`;

/** What the columns say, and what the plan cannot know. */
export function planNotes({ rows, left }: Plan, job: Job): string[] {
  const odd = job.partition.startsWith("iid") ? "" : " Data was shared equally there, and is not here.";
  return [
    "A round is two rounds of the real recipe in virtual time, the first left out; most of it is what the largest part of " +
      `that time goes to, on links of ${job.link === null ? "no limit" : formatLink(job.link)}.`,
    `* an estimate: sgd's time over this one's, if rounds are as many as for ${REFERENCE}.${odd}`,
    ...left.map(({ recipe, why }) => `Left out: ${recipe}: ${why}`),
    ...(rows.length === 0 ? ["No candidate can be run."] : []),
  ];
}

/** The plan as one JSON object. */
export function planObject(plan: Plan, pilots: readonly Standing[], chosen: Recommendation): Record<string, unknown> {
  const measured = new Map(pilots.map(({ row, result }) => [row, result]));
  const nameOf = ({ job: { recipe, up, down } }: PlanRow) => ({ recipe, compressor: up, down });
  return {
    command: "plan",
    parameters: plan.parameters,
    rows: plan.rows.map((row) => {
      const { round, bottleneck, ratio, relative, job } = row;
      return {
        ...nameOf(row),
        secondsPerRound: round.seconds,
        parts: round.parts,
        bottleneck,
        bytesPerPeerPerRound: round.bytes / job.peers,
        roundsBesideSgd: ratio,
        estimatedTimeBesideSgd: relative,
        pilot: pilotObject(measured.get(row)),
      };
    }),
    estimatesFrom: REFERENCE,
    left: plan.left,
    recommended: { ...nameOf(chosen.row), by: chosen.by, reasons: chosen.reasons, command: chosen.command },
  };
}

function pilotObject(result: RunResult | undefined): Partial<RunResult> | null {
  if (result === undefined) return null;
  const { outcome, rounds, seconds, loss, accuracy, target, reachedTargetAtRound, reachedTargetAtSeconds } = result;
  return { outcome, rounds, seconds, loss, accuracy, target, reachedTargetAtRound, reachedTargetAtSeconds };
}

/** `mlp:128,64 of 17,226 parameters, 8 peers, links of 20mbit/30ms` */
export const planHeadline = ({ parameters }: Plan, job: Job): string =>
  [
    `${job.model} of ${formatCount(parameters)} parameters on ${job.data}`,
    `${job.peers} ${job.peers === 1 ? "peer" : "peers"}`,
    job.link === null ? "unlimited links" : `links of ${formatLink(job.link)}`,
    job.stepCost === null ? "steps and codecs as they take on this machine" : `${formatSeconds(job.stepCost)} a step`,
  ].join(", ");
