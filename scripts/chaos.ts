/**
 * Processes of a live swarm that are killed, stopped and cut off, one after the other, and what must hold meanwhile: the
 * others train on, replicas never differ, whoever was struck comes back, and nothing grows.
 *
 *     npm run chaos -- --minutes 20 [--peers 8] [--every 10] [--lost-after 1] [--seed 1] [--json] [-- job options]
 *
 * Linux only: it looks into /proc. What follows `--` goes to `thinwire serve`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ChaosReport, chaos } from "./chaos/run.ts";

const { values, positionals } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    peers: { type: "string", default: "8" },
    every: { type: "string", default: "10" },
    "lost-after": { type: "string", default: "1" },
    measure: { type: "string", default: "15" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
  allowPositionals: true,
});

/** Of what those that are there would do without faults; the time of detection counts, so --lost-after must be short. */
const PACE_MIN = 0.9;

const folder = await mkdtemp(join(tmpdir(), "thinwire-chaos-"));
const lostAfter = Number(values["lost-after"]);
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
const report = await chaos({
  stop: stop.signal,
  folder,
  peers: Number(values.peers),
  seed: Number(values.seed),
  lostAfter,
  evalEvery: 25,
  checkpointEvery: 50,
  job: positionals,
  until: { seconds: 60 * Number(values.minutes) },
  every: Number(values.every),
  away: 1.5 * lostAfter,
  measure: Number(values.measure),
  say: (line) => console.error(`${(performance.now() / 1000).toFixed(1).padStart(7)} s  ${line}`),
});
const complaints = complaintsOf(report);
console.log(values.json ? JSON.stringify({ ...report, complaints }) : told(report).join("\n"));
for (const complaint of complaints) console.error(complaint);
if (complaints.length === 0) await rm(folder, { recursive: true });
else console.error(`seed ${values.seed}; folders and logs of the peers: ${folder}`);
process.exit(complaints.length === 0 ? 0 : 1);

function complaintsOf({ differences, failures, pace, memory, roundsCompared }: ChaosReport): string[] {
  return [
    ...differences,
    ...failures,
    ...memory.growing.map(({ peer, early, late }) => `${peer} grew from ${early.toFixed(0)} to ${late.toFixed(0)} MiB`),
    ...(roundsCompared === 0 ? ["no round was compared"] : []),
    ...(pace !== null && pace.share < PACE_MIN ? [`pace: ${percent(pace.share)} of that without faults`] : []),
  ];
}

function told({ seconds, rounds, faults, pace, memory, ...report }: ChaosReport): string[] {
  const struck = Object.entries(faults).map(([kind, n]) => `${n} ${kind}`);
  return [
    `${rounds} rounds in ${seconds.toFixed(0)} s under ${struck.join(", ")}`,
    `replicas: ${report.roundsCompared} rounds compared, ${report.differences.length} differ`,
    `back within ${report.backWithin.toFixed(1)} s, longest pause ${report.longestPause.toFixed(1)} s`,
    ...(pace === null
      ? []
      : [
          `rounds/s: ${pace.all.toFixed(1)} of all, ${pace.oneLess.toFixed(1)} of one less, ${pace.chaos.toFixed(1)} here`,
          `pace: ${percent(pace.share)} of that without faults, ${percent(pace.shareBesideDetection)} beside the time of detection`,
        ]),
    `memory: at most ${memory.peakMiB.toFixed(0)} MiB, ${memory.growing.length} of ${memory.growth.length} lives grew`,
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
