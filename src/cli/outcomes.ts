/**
 * How a run ended, for the shell and for the person.
 */
import { formatBytes, formatSeconds } from "../base/units.ts";
import { formatLink } from "../runs/job.ts";
import type { Judged, RunHeader, RunResult } from "../runs/result.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { formatCount, formatLoss, formatRatio, formatRounds, formatShare, wrap } from "./format.ts";

export function exitCodeOf({ outcome, target, trouble }: Pick<RunResult, "outcome" | "target" | "trouble">): ExitCode {
  if (outcome === "interrupted") return EXIT.interrupted;
  if (trouble.length > 0) return EXIT.failed; // what was asked to be saved is not
  if (outcome === "target") return EXIT.done;
  if (target !== null) return EXIT.missed;
  return outcome === "diverged" ? EXIT.failed : EXIT.done;
}

/** What a run is about to do, on one line. @param live peers come and go, over wires that nobody chose */
export function headline(header: RunHeader, live = false): string {
  const { recipe, up, down } = header.job;
  return `${recipe} (${up === down ? up : `${up} up, ${down} down`}), ${live ? workLine(header) : jobLine(header)}`;
}

/** The part of it that runs of a comparison share. */
export function jobLine(header: RunHeader): string {
  const { job } = header;
  return [
    workLine(header),
    `${job.peers} ${job.peers === 1 ? "peer" : "peers"}`,
    job.link === null ? "unlimited links" : `links of ${formatLink(job.link)}`,
  ].join(", ");
}

const workLine = ({ job, parameters, localTensors = [], trainRows, testRows, engine }: RunHeader): string =>
  [
    `${job.model} of ${formatCount(parameters)} parameters on ${engine}`,
    ...(localTensors.length === 0 ? [] : [`${localTensors.length} tensors local to each peer`]),
    `${job.data} (${formatCount(trainRows)} + ${formatCount(testRows)} rows)`,
  ].join(", ");

/** What a run came to, and where it is. @param out where its files are @param width of the screen */
export function summary(result: RunResult, out: string | undefined, width = 80): string[] {
  const { paramsHash } = result;
  const lines = [
    ...account(result),
    ...(paramsHash === "" ? [] : [`parameters ${paramsHash}`]),
    ...(out === undefined ? [] : [`written to ${out}`]),
  ];
  return lines.flatMap((line) => wrap(line, width));
}

/** Whose model was judged, where it is not everyone's. */
const JUDGED: Readonly<Record<Judged, string>> = {
  common: "",
  mean: ", by the mean of all models",
  each: ", means over the peers' own models",
  own: ", by this peer's own model",
};

/** How a run ended, how good the model is, and what it sent. */
export function account(result: RunResult): string[] {
  const { loss, bytesUp, bytesDown, compressionRatio, outcome } = result;
  const isUnjudged = outcome === "interrupted" && Number.isNaN(loss); // it left, and others evaluate
  return [
    ending(result),
    ...(isUnjudged ? [] : judgement(result)),
    `${formatBytes(bytesUp)} up, ${formatBytes(bytesDown)} down: ${formatRatio(compressionRatio)} times less than f32`,
  ];
}

function judgement({ accuracy, loss, judged, ownAccuracy, ownLoss }: RunResult): string[] {
  const measures = (share: number | null | undefined, nats: number) =>
    `${share == null ? "" : `accuracy ${formatShare(share)}, `}loss ${formatLoss(nats)}`;
  return [
    `${measures(accuracy, loss)} on the test rows${JUDGED[judged]}`,
    ...(ownLoss === undefined
      ? []
      : [`${measures(ownAccuracy, ownLoss)} on test rows with labels as each peer has them`]),
  ];
}

function ending(result: RunResult): string {
  const { outcome, rounds, seconds, target, reachedTargetAtRound, reachedTargetAtSeconds, clock } = result;
  const time = (n: number) => `${formatSeconds(n)}${clock === "virtual" ? " of virtual time" : ""}`;
  const after = `${formatRounds(rounds)} and ${time(seconds)}`;
  switch (outcome) {
    case "target":
      return `reached ${target} in ${formatRounds(reachedTargetAtRound ?? rounds)} and ${time(reachedTargetAtSeconds ?? seconds)}`;
    case "rounds":
      return target === null ? `done after ${after}` : `did not reach ${target} in ${after}`;
    case "diverged":
      return `diverged after ${after}; a smaller --lr may help`;
    case "interrupted":
      return `stopped after ${after}`;
  }
}
