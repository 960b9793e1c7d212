/**
 * A run's state for whoever watches it from outside: as Prometheus metrics, and as an answer to whether it still goes on.
 */
import type { Seconds } from "../base/units.ts";
import { exposition, type Metric, type Sample } from "./exposition.ts";
import type { Measured, Progress, RunHeader, RunListener } from "./result.ts";

export interface Health {
  /** Before the first round, while rounds end, and when none has ended for too long. */
  readonly status: "starting" | "training" | "stalled";
  /** Rounds done, and to do at most. */
  readonly round: number;
  readonly rounds: number | null;
  /** Real time; before the first round since the run was asked for. */
  readonly secondsSinceLastRound: number;
  /** At the last evaluation. */
  readonly loss: number | null;
  readonly accuracy: number | null;
  /** Live, where all have one model: whose hash differs after the same rounds has another. */
  readonly parameters: { readonly round: number; readonly hash: string } | null;
  /** What could not be written. */
  readonly trouble: readonly string[];
}

/** Members with a series of their own; a larger swarm is told as one. */
const PEER_SERIES_MAX = 1000;
/** Lines of trouble that are kept. */
const TROUBLE_MAX = 10;

export class RunMetrics implements RunListener {
  /** Milliseconds on a clock that never goes back. */
  readonly #now: () => number;
  #header: RunHeader | undefined;
  #progress: Progress | undefined;
  #measured: Measured | undefined;
  #hashed: Health["parameters"] = null;
  #lastRoundAt: number;
  readonly #trouble: string[] = [];
  #troubles = 0;
  #viewChanges = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#lastRoundAt = now();
  }

  started(header: RunHeader): void {
    this.#header = header;
  }

  progress(progress: Progress): void {
    this.#progress = progress;
    this.#measured = progress.metrics ?? this.#measured;
    const { round, paramsHash: hash } = progress;
    if (hash !== undefined) this.#hashed = { round, hash };
    this.#lastRoundAt = this.#now();
  }

  regrouped(): void {
    this.#viewChanges += 1;
  }

  trouble(line: string): void {
    this.#troubles += 1;
    if (this.#trouble.length < TROUBLE_MAX) this.#trouble.push(line);
  }

  health(stallAfter: Seconds): Health {
    const quiet = this.#secondsSinceLastRound();
    return {
      status: quiet > stallAfter ? "stalled" : this.#progress === undefined ? "starting" : "training",
      round: this.#progress?.round ?? 0,
      rounds: this.#header?.job.rounds ?? null,
      secondsSinceLastRound: quiet,
      loss: this.#measured?.loss ?? null,
      accuracy: this.#measured?.accuracy ?? null,
      parameters: this.#hashed,
      trouble: this.#trouble,
    };
  }

  /** Prometheus text. What is not known yet is left out. */
  text(): string {
    return exposition([
      ...(this.#header === undefined ? [] : headerMetrics(this.#header)),
      ...(this.#progress === undefined ? [] : progressMetrics(this.#progress)),
      ...(this.#measured === undefined ? [] : measuredMetrics(this.#measured)),
      ...this.#compression(),
      gauge("seconds_since_last_round", "Real time since a round last ended, in seconds.", [
        { value: this.#secondsSinceLastRound() },
      ]),
      counter("view_changes_total", "Changes of membership.", [{ value: this.#viewChanges }]),
      counter("trouble_total", "Files that could not be written.", [{ value: this.#troubles }]),
    ]);
  }

  #secondsSinceLastRound(): number {
    return (this.#now() - this.#lastRoundAt) / 1000;
  }

  #compression(): Metric[] {
    if (this.#header === undefined || this.#progress === undefined) return [];
    const { bytesUp, bytesDown, round } = this.#progress;
    const plain = this.#header.uncompressedBytesPerRound * round;
    const ratio = bytesUp + bytesDown === 0 ? [] : [{ value: plain / (bytesUp + bytesDown) }];
    return [gauge("compression_ratio", "Bytes of the same rounds in plain f32, over the bytes written.", ratio)];
  }
}

function headerMetrics({ job, engine, parameters }: RunHeader): Metric[] {
  const { recipe, up, down, model, data } = job;
  const labels = { recipe, compressor: up, down, model, data, engine };
  return [
    gauge("run_info", "What is trained, and how.", [{ labels, value: 1 }]),
    gauge("parameters", "Parameters of the model.", [{ value: parameters }]),
    gauge("rounds_planned", "Rounds to train at most.", [{ value: job.rounds }]),
  ];
}

function progressMetrics(progress: Progress): Metric[] {
  const { round, seconds, batchLoss, bytesUp, bytesDown, encodeMs, decodeMs, gradientMs, swarm } = progress;
  const work = { encode: encodeMs, decode: decodeMs, gradient: gradientMs };
  return [
    counter("rounds_total", "Rounds done.", [{ value: round }]),
    counter("run_seconds_total", "Time since the first round began, virtual in a simulation.", [{ value: seconds }]),
    gauge(
      "batch_loss",
      "Loss on the last mini-batch of rank 0.",
      Number.isNaN(batchLoss) ? [] : [{ value: batchLoss }],
    ),
    counter("sent_bytes_total", "Framed bytes written, towards the server (up) and by it (down).", [
      { labels: { direction: "up" }, value: bytesUp },
      { labels: { direction: "down" }, value: bytesDown },
    ]),
    counter(
      "work_seconds_total",
      "Real time that peers spent on codecs and gradients, summed over them.",
      Object.entries(work).map(([kind, ms]) => ({ labels: { kind }, value: ms / 1000 })),
    ),
    ...(swarm === undefined
      ? []
      : [
          gauge("view_epoch", "Epoch of the view of the last round.", [{ value: swarm.epoch }]),
          gauge("members", "Members of that view.", [{ value: swarm.members }]),
          counter("rounds_undone_total", "Attempts at a round that were undone.", [{ value: swarm.undone }]),
          counter("peer_sent_bytes_total", "Framed bytes that each member has written.", byPeer(swarm.bytesByPeer())),
        ]),
  ];
}

const byPeer = (bytes: ReadonlyMap<number, number>): Sample[] =>
  bytes.size > PEER_SERIES_MAX ? [] : [...bytes].map(([id, value]) => ({ labels: { peer: String(id) }, value }));

const measuredMetrics = ({ loss, accuracy, consensus }: Measured): Metric[] => [
  gauge("test_loss", "Loss on the test rows, at the last evaluation.", [{ value: loss }]),
  gauge("test_accuracy", "Share of the test rows that are right.", known(accuracy)),
  gauge("consensus_distance", "Mean squared distance of the peers' models from their mean.", known(consensus)),
];

const known = (value: number | undefined): Sample[] => (value === undefined ? [] : [{ value }]);

const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name: `thinwire_${name}`,
  help,
  type: "gauge",
  samples,
});

const counter = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name: `thinwire_${name}`,
  help,
  type: "counter",
  samples,
});
