/**
 * What becomes of a run's ticks, whichever adapter they come from: progress for the listener, the learning curve, the
 * log on disk, checkpoints and the result.
 */
import { createWriteStream, type WriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { assert, CheckpointError } from "../base/errors.ts";
import type { Layout } from "../base/layout.ts";
import type { MeterTotals } from "../ports/meter.ts";
import type { Metrics } from "../ports/model.ts";
import type { PeerId, View } from "../ports/view.ts";
import type { Method } from "../recipes/method.ts";
import { CheckpointWriter } from "./checkpoint.ts";
import { fileError, makeFolder, writeAtomically } from "./files.ts";
import { formatLink, formatMomentum, formatTarget, type Job } from "./job.ts";
import { Ledger, type WireLine } from "./ledger.ts";
import { paramsHash } from "./params-hash.ts";
import type { PeerOutcome, Tick } from "./program.ts";
import type { Evaluation, Outcome, PeerState, Progress, RunControls, RunHeader, RunResult, Totals } from "./result.ts";

export interface RecorderSetup {
  readonly job: Job;
  readonly method: Method;
  readonly view: View;
  readonly layout: Layout;
  readonly header: RunHeader;
  readonly clock: "wall" | "virtual";
  readonly controls: RunControls;
  /** Rounds done before this run continued them: they are not in its ledger. */
  readonly resumedAt: number;
}

export class Recorder {
  readonly #setup: RecorderSetup;
  readonly #ledger: Ledger;
  readonly #curve: Evaluation[] = [];
  readonly #checkpoints: CheckpointWriter | undefined;
  readonly #log: RunLog | undefined;
  /** Rank 0's ticks of rounds that others have yet to finish. */
  readonly #ticks = new Map<number, Tick>();
  #last: Progress | undefined;

  private constructor(setup: RecorderSetup, log: RunLog | undefined) {
    const { job, view, layout, controls } = setup;
    this.#setup = setup;
    this.#ledger = new Ledger(view);
    this.#log = log;
    this.#checkpoints =
      controls.out === undefined ? undefined : new CheckpointWriter(controls.out, job, layout, view.members.length);
  }

  /** @throws {CheckpointError} if the run folder cannot be written */
  static async open(setup: RecorderSetup): Promise<Recorder> {
    const { controls, header } = setup;
    if (controls.out !== undefined) await refuseOtherRun(controls.out, controls.resume);
    const log = controls.out === undefined ? undefined : await RunLog.open(controls.out);
    log?.write({ event: "started", ...header });
    if (controls.out !== undefined) {
      await writeAtomically(join(controls.out, "job.json"), `${JSON.stringify(setup.job, null, 2)}\n`);
    }
    controls.listener?.started?.(header);
    return new Recorder(setup, log);
  }

  /** A peer has finished a round. The round is told of once every member has. */
  tick(id: PeerId, tick: Tick, totals: MeterTotals): void {
    const { wires, complete } = this.#ledger.enter(id, tick.round, totals);
    this.#log?.wires(wires);
    if (tick.rank === 0) this.#ticks.set(tick.round, tick);
    if (complete !== undefined) this.#roundDone(tick.round, complete);
  }

  #roundDone(round: number, totals: Totals): void {
    const tick = this.#ticks.get(round);
    assert(tick !== undefined, "rank 0 is one of the members");
    this.#ticks.delete(round);
    const { seconds, batchLoss, metrics } = tick;
    this.#last = { ...totals, round, seconds, batchLoss, ...(metrics === undefined ? {} : { metrics }) };
    if (metrics !== undefined) this.#evaluated(this.#last, metrics);
    this.#setup.controls.listener?.progress?.(this.#last);
  }

  checkpoint(state: PeerState): void {
    this.#checkpoints?.add(state);
  }

  /** The run came to its end by itself. */
  async finish(rankZero: PeerOutcome): Promise<RunResult> {
    const { params, metrics, reachedTargetAt } = rankZero;
    const hash = params === undefined ? "" : await paramsHash(params);
    return this.#close(rankZero.outcome, rankZero.rounds, rankZero.seconds, metrics, reachedTargetAt, hash);
  }

  /** A vector stopped being finite, so the run could not go on. */
  async diverged(): Promise<RunResult> {
    const { round = 0, seconds = 0 } = this.#last ?? {};
    return this.#close("diverged", round, seconds, { loss: Number.NaN }, undefined, "");
  }

  /** The run failed or was killed: what was logged stays. */
  async abandon(): Promise<void> {
    await this.#checkpoints?.finish().catch(() => {});
    await this.#log?.close().catch(() => {});
  }

  #evaluated(progress: Progress, metrics: Metrics): void {
    const { batchLoss: _, metrics: __, ...rest } = progress;
    const evaluation = { ...rest, loss: metrics.loss, accuracy: metrics.accuracy ?? null };
    this.#curve.push(evaluation);
    this.#log?.write({ event: "evaluated", ...evaluation });
  }

  async #close(
    outcome: Outcome,
    rounds: number,
    seconds: number,
    metrics: Metrics | undefined,
    reached: { round: number; seconds: number } | undefined,
    hash: string,
  ): Promise<RunResult> {
    const { job, method, view, layout, header, clock, controls } = this.#setup;
    const { bytesUp, bytesDown, encodeMs, decodeMs, gradientMs } = this.#last ?? NO_PROGRESS;
    const totals: Totals = { bytesUp, bytesDown, encodeMs, decodeMs, gradientMs };
    const bytesTotal = totals.bytesUp + totals.bytesDown;
    const trained = rounds - this.#setup.resumedAt;
    const uncompressedBytes = method.uncompressedBytes(view, layout.length) * trained;
    const atTarget = this.#curve.find(({ round }) => round === reached?.round);
    const result: RunResult = {
      recipe: job.recipe,
      compressor: job.up,
      down: job.down,
      momentum: formatMomentum(job.momentum),
      model: job.model,
      engine: header.engine,
      data: job.data,
      partition: job.partition,
      parameters: header.parameters,
      peers: job.peers,
      link: job.link === null ? "none" : formatLink(job.link),
      outcome,
      rounds,
      seconds,
      clock,
      ...totals,
      bytesTotal,
      bytesPerPeerPerRound: trained === 0 ? 0 : bytesTotal / job.peers / trained,
      loss: metrics?.loss ?? Number.NaN,
      accuracy: metrics?.accuracy ?? null,
      target: job.until === null ? null : formatTarget(job.until),
      reachedTargetAtRound: reached?.round ?? null,
      reachedTargetAtSeconds: reached?.seconds ?? null,
      reachedTargetAtBytes: atTarget === undefined ? null : atTarget.bytesUp + atTarget.bytesDown,
      uncompressedBytes,
      compressionRatio: bytesTotal === 0 ? 1 : uncompressedBytes / bytesTotal,
      seed: job.seed,
      paramsHash: hash,
      warnings: header.warnings,
      curve: this.#curve,
    };
    await this.#checkpoints?.finish();
    this.#log?.write({ event: "finished", outcome, rounds, seconds, ...totals, paramsHash: hash });
    await this.#log?.close();
    if (controls.out !== undefined) {
      await writeAtomically(join(controls.out, "result.json"), `${JSON.stringify(result, null, 2)}\n`);
    }
    return result;
  }
}

/** A folder holds one run: two would mix their logs, and `--resume` would take the wrong checkpoint. */
async function refuseOtherRun(out: string, resume: string | undefined): Promise<void> {
  const taken = await stat(join(out, "job.json")).then(
    () => true,
    () => false,
  );
  if (!taken || (resume !== undefined && resolve(resume).startsWith(resolve(out)))) return;
  throw new CheckpointError(`--out ${out}`, {
    expected: "a folder without a run in it",
    got: "one with job.json",
    hint: `Name another folder, or continue that run with --resume ${out}.`,
  });
}

const NO_PROGRESS: Totals = { bytesUp: 0, bytesDown: 0, encodeMs: 0, decodeMs: 0, gradientMs: 0 };

/** JSON lines: `log.jsonl` holds the run's events, `ledger.jsonl` every wire of every round. */
class RunLog {
  readonly #events: WriteStream;
  readonly #wires: WriteStream;
  #failure: Error | undefined;

  private constructor(folder: string) {
    this.#events = this.#stream(join(folder, "log.jsonl"));
    this.#wires = this.#stream(join(folder, "ledger.jsonl"));
  }

  static async open(folder: string): Promise<RunLog> {
    try {
      await makeFolder(folder);
    } catch (cause) {
      throw fileError(folder, "a folder that can be written", cause);
    }
    return new RunLog(folder);
  }

  write(event: Record<string, unknown>): void {
    this.#events.write(`${JSON.stringify(event)}\n`);
  }

  wires(lines: readonly WireLine[]): void {
    for (const line of lines) this.#wires.write(`${JSON.stringify(line)}\n`);
  }

  async close(): Promise<void> {
    await Promise.all([this.#events, this.#wires].map((stream) => closed(stream)));
    if (this.#failure !== undefined) {
      const { message } = this.#failure;
      throw new CheckpointError("run log", { expected: "room on the disk", got: message, cause: this.#failure });
    }
  }

  #stream(path: string): WriteStream {
    const stream = createWriteStream(path, { flags: "a" });
    stream.on("error", (error) => {
      this.#failure ??= error;
    });
    return stream;
  }
}

const closed = (stream: WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed) resolve();
    else stream.once("close", resolve).end();
  });
