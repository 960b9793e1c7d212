/**
 * A world for tests: streams that keep what was written, a clock and signals that the test moves, engines that pretend.
 */
import { assert } from "../../base/errors.ts";
import { formatLearningRate, formatLink, formatMomentum, formatTarget, type Job } from "../../runs/job.ts";
import type { Evaluation, RunControls, RunResult } from "../../runs/result.ts";
import type { MonitorAddress } from "../address.ts";
import type { Monitor, Pages } from "../monitor-server.ts";
import type { Engines, TextStream, World } from "../world.ts";

export class Pipe implements TextStream {
  text = "";
  readonly columns: number;

  constructor(columns = 80) {
    this.columns = columns;
  }

  write(text: string): void {
    this.text += text;
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }
}

export class FakeWorld implements World {
  stdout: TextStream = new Pipe();
  readonly stderr: Pipe = new Pipe();
  readonly env: Record<string, string | undefined> = { LANG: "C.UTF-8" };
  readonly files: Map<string, string> = new Map();
  readonly engines: Engines;
  /** Jobs that were run, with their controls. */
  readonly runs: { readonly kind: "train" | "simulate"; readonly job: Job; readonly controls: RunControls }[] = [];
  /** What is served now, by URL. */
  readonly monitors: Map<string, Pages> = new Map();
  time = 0;
  #timers: { at: number; action: () => void }[] = [];
  readonly #interrupts = new Set<() => void>();

  /** @param engine stands in for `train` and `simulate` */
  constructor(engine: Engines["train"] = pretend(), others: Partial<Engines> = {}) {
    const run = (kind: "train" | "simulate") => (job: Job, controls: RunControls) => {
      this.runs.push({ kind, job, controls });
      return engine(job, controls);
    };
    this.engines = {
      train: run("train"),
      simulate: run("simulate"),
      launched: missing,
      serve: missing,
      join: missing,
      inspect: missing,
      exportModel: missing,
      jobOf: missing,
      plan: missing,
      holdsRun: async () => false,
      catalogue: missing,
      benchmarks: { codecs: missing, models: missing, simulation: missing, wire: missing, torch: missing },
      reproduction: { experiments: missing, threads: 1, run: missing, rasteriser: missing },
      tickets: { issue: missing, revoke: missing, list: missing, read: missing },
      ...others,
    };
  }

  now = (): number => this.time;

  today(): Date {
    return new Date(2026, 2, 9, 14, 5, 33);
  }

  schedule(ms: number, action: () => void): () => void {
    const timer = { at: this.time + ms, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Lets milliseconds pass. */
  pass(ms: number): void {
    this.time += ms;
    const due = this.#timers.filter(({ at }) => at <= this.time);
    this.#timers = this.#timers.filter(({ at }) => at > this.time);
    for (const { action } of due) action();
  }

  get timers(): number {
    return this.#timers.length;
  }

  onInterrupt(listener: () => void): () => void {
    this.#interrupts.add(listener);
    return () => void this.#interrupts.delete(listener);
  }

  get listening(): boolean {
    return this.#interrupts.size > 0;
  }

  pressCtrlC(): void {
    for (const listener of [...this.#interrupts]) listener();
  }

  async writeFile(path: string, content: string | Uint8Array): Promise<void> {
    this.files.set(path, typeof content === "string" ? content : `${content.length} bytes`);
  }

  async readFile(path: string): Promise<string | undefined> {
    return this.files.get(path);
  }

  async exists(path: string): Promise<boolean> {
    return this.files.has(path);
  }

  async openMonitor(address: MonitorAddress, pages: Pages): Promise<Monitor> {
    const url = `http://${address.host}:${address.port}`;
    this.monitors.set(url, pages);
    return { url, close: async () => void this.monitors.delete(url) };
  }

  get out(): Pipe {
    assert(this.stdout instanceof Pipe, "the test gave stdout another stream");
    return this.stdout;
  }
}

const missing = (): Promise<never> => Promise.reject(new Error("this test needs no such engine"));

/** Tells a header and two evaluations, and resolves to a result with the given fields. */
export const pretend =
  (fields: Partial<RunResult> = {}): Engines["train"] =>
  async (job, { listener }) => {
    const result = resultOf(job, fields);
    listener?.started?.({
      job,
      parameters: result.parameters,
      trainRows: 1437,
      testRows: 360,
      engine: "pretence",
      uncompressedBytesPerRound: 400_000,
      warnings: result.warnings,
    });
    for (const { loss, accuracy, ...progress } of result.curve) {
      const metrics = { loss, ...(accuracy === null ? {} : { accuracy }) };
      listener?.progress?.({ ...progress, batchLoss: loss, metrics });
    }
    return result;
  };

export function resultOf(job: Job, fields: Partial<RunResult> = {}): RunResult {
  const reached = job.until !== null;
  return {
    recipe: job.recipe,
    compressor: job.up,
    down: job.down,
    momentum: formatMomentum(job.momentum),
    learningRate: formatLearningRate(job),
    optimizer: job.optimizer,
    schedule: job.schedule,
    average: job.average,
    aggregator: job.aggregator,
    byzantine: job.byzantine,
    local: job.local,
    judged: "common",
    model: job.model,
    engine: "pretence",
    data: job.data,
    partition: job.partition,
    parameters: 17_226,
    peers: job.peers,
    link: job.link === null ? "none" : formatLink(job.link),
    faults: job.faults,
    outcome: reached ? "target" : "rounds",
    rounds: 21,
    viewChanges: 0,
    undone: 0,
    seconds: 2.1,
    clock: "wall",
    bytesUp: 630_000,
    bytesDown: 210_000,
    bytesTotal: 840_000,
    bytesPerPeerPerRound: 10_000,
    encodeMs: 1,
    decodeMs: 2,
    gradientMs: 3,
    loss: 0.2,
    accuracy: 0.96,
    target: job.until === null ? null : formatTarget(job.until),
    reachedTargetAtRound: reached ? 20 : null,
    reachedTargetAtSeconds: reached ? 2 : null,
    reachedTargetAtBytes: reached ? 800_000 : null,
    uncompressedBytes: 8_400_000,
    compressionRatio: 10,
    seed: job.seed,
    paramsHash: "ab".repeat(32),
    warnings: [],
    trouble: [],
    curve: [evaluation(10, 0.8), evaluation(20, 0.95)],
    ...fields,
  };
}

export const evaluation = (round: number, accuracy: number | null): Evaluation => ({
  round,
  seconds: round / 10,
  loss: 1 / round,
  accuracy,
  bytesUp: 30_000 * round,
  bytesDown: 10_000 * round,
  encodeMs: 0,
  decodeMs: 0,
  gradientMs: 0,
});
