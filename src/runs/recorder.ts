/**
 * What becomes of a run's ticks, whichever adapter they come from: progress for the listener, the learning curve, the
 * log on disk, checkpoints and the result.
 */
import { createWriteStream, type WriteStream } from "node:fs";
import { join, resolve } from "node:path";
import { CheckpointError } from "../base/errors.ts";
import type { Layout } from "../base/layout.ts";
import type { MeterTotals } from "../ports/meter.ts";
import type { PeerId, View } from "../ports/view.ts";
import { Split } from "../recipes/local-tensors.ts";
import type { Method } from "../recipes/method.ts";
import { type Checkpoint, CheckpointWriter, forgetAfter, holdsRun, type Past, runFolderOf } from "./checkpoint.ts";
import { fileError, makeFolder, writeAtomically } from "./files.ts";
import type { PeerOutcome, Tick } from "./host.ts";
import { formatLearningRate, formatLink, formatMomentum, formatTarget, type Job } from "./job.ts";
import { Ledger, NOTHING, sumOf, type WireLine } from "./ledger.ts";
import { meanOf } from "./mean-model.ts";
import type { Decision } from "./pacing/pacing.ts";
import { paramsHash } from "./params-hash.ts";
import type {
  Evaluation,
  Judged,
  Measured,
  Outcome,
  PeerState,
  Progress,
  Regrouping,
  RunControls,
  RunHeader,
  RunResult,
  Totals,
  WireBytes,
} from "./result.ts";
import { viewOf } from "./setting.ts";

export interface RecorderSetup {
  readonly job: Job;
  readonly method: Method;
  readonly view: View;
  readonly layout: Layout;
  readonly header: RunHeader;
  readonly clock: "wall" | "virtual";
  readonly controls: RunControls;
  /** What this run continues. */
  readonly checkpoint: Checkpoint | undefined;
  /** Of the training data. */
  readonly dataChecksum: number;
  /** One peer of a swarm records itself; default: all peers are recorded here. */
  readonly alone?: boolean;
  /** What crossed the sockets by now, where there are any. */
  readonly wireBytes?: () => WireBytes;
}

export class Recorder {
  readonly #setup: RecorderSetup;
  readonly #ledger: Ledger;
  /** What peers exchange and what they keep; undefined where they exchange everything. */
  readonly #split: Split | undefined;
  readonly #curve: Evaluation[] = [];
  readonly #checkpoints: CheckpointWriter | undefined;
  readonly #log: RunLog | undefined;
  /** Rank 0's ticks of rounds that others have yet to finish. */
  readonly #ticks = new Map<number, Tick>();
  readonly #past: Past;
  readonly #trouble: string[] = [];
  #viewChanges = 0;
  #undone = 0;
  #concluded: Totals | undefined;
  /** Of a peer that records itself: an even share of what its rounds would have taken uncompressed. */
  #plainShare = 0;
  #last: Progress;

  private constructor(setup: RecorderSetup, log: RunLog | undefined) {
    const { job, layout, controls, checkpoint, dataChecksum } = setup;
    this.#setup = setup;
    this.#ledger = new Ledger(setup.method.hops === undefined);
    this.#log = log;
    this.#past = checkpoint?.past ?? { totals: NOTHING, seconds: 0 };
    this.#last = {
      ...this.#past.totals,
      round: checkpoint?.round ?? 0,
      seconds: this.#past.seconds,
      batchLoss: Number.NaN,
    };
    this.#split = splitBy(layout, setup.header);
    const run = { job, dataChecksum, layout, split: this.#split, keep: controls.keepCheckpoints };
    this.#checkpoints =
      controls.out === undefined
        ? undefined
        : new CheckpointWriter(controls.out, run, (line) => {
            if (setup.alone && this.#trouble.length > 0) return; // a full disk is told of once
            this.#trouble.push(line);
            controls.listener?.trouble?.(line);
          });
  }

  /** @throws {CheckpointError} if the run folder cannot be written or holds another run */
  static async open(setup: RecorderSetup): Promise<Recorder> {
    const { controls, header, checkpoint } = setup;
    if (controls.out !== undefined) await prepareFolder(controls.out, checkpoint);
    const log = controls.out === undefined ? undefined : await RunLog.open(controls.out);
    log?.write({ event: "started", resumedAt: checkpoint?.round ?? null, ...header });
    if (controls.out !== undefined) {
      await writeAtomically(join(controls.out, "job.json"), `${JSON.stringify(setup.job, null, 2)}\n`);
    }
    controls.listener?.started?.(header);
    return new Recorder(setup, log);
  }

  /** A peer has finished an exchange. It is told of once every member has. */
  tick(id: PeerId, tick: Tick): void {
    const { exchanges: exchange, rank } = tick;
    const { alone = false } = this.#setup;
    const members = alone ? 1 : tick.members;
    const { wires, complete } = this.#ledger.enter(id, { exchange, rank, members }, tick.totals);
    this.#log?.wires(wires);
    if (rank === 0 || alone) this.#ticks.set(exchange, tick);
    for (const { exchange, totals } of complete) this.#exchanged(exchange, totals);
  }

  /** All that make it have made an exchange; rank 0 may have been lost in it, or brought past it. */
  #exchanged(exchange: number, totals: Totals): void {
    const tick = this.#ticks.get(exchange);
    if (tick === undefined) return;
    this.#ticks.delete(exchange);
    const { round, batchLoss, metrics, epoch, members, undone, paramsHash: hash } = tick;
    if (this.#setup.alone && round > this.#last.round) {
      const { method } = this.#setup;
      this.#plainShare += method.uncompressedBytes(this.#viewOf(members), this.#exchangedEntries) / members;
    }
    this.#undone = Math.max(this.#undone, undone); // a new rank 0 counts its own
    const swarm = { epoch, members, undone: this.#undone, bytesByPeer: () => this.#ledger.bytesByPeer() };
    const seconds = this.#past.seconds + tick.seconds;
    const measured = { ...(metrics && { metrics }), ...(hash && { paramsHash: hash }) };
    this.#last = { ...sumOf(this.#past.totals, totals), round, seconds, batchLoss, ...measured, swarm };
    if (metrics !== undefined) this.#evaluated(this.#last, metrics);
    this.#setup.controls.listener?.progress?.(this.#last);
  }

  /** Membership changed. What lost members had yet to say is lost with them: the log says whose it was. */
  regrouped(change: Regrouping): void {
    this.#viewChanges += 1;
    this.#log?.write({ event: "regrouped", ...change });
    this.#setup.controls.listener?.regrouped?.(change);
  }

  /** A run of peers that record themselves is over: what they have spent in all, of those that were there at the end. */
  concluded(totals: Totals): void {
    this.#concluded = totals;
  }

  /** A peer turned a dial. */
  decided(decision: Decision): void {
    this.#log?.write({ event: "decided", ...decision });
  }

  checkpoint(state: PeerState): void {
    this.#checkpoints?.add(state, () => {
      const { bytesUp, bytesDown, encodeMs, decodeMs, gradientMs, seconds } = this.#last;
      return { totals: { bytesUp, bytesDown, encodeMs, decodeMs, gradientMs }, seconds };
    });
  }

  /**
   * The run came to its end by itself.
   * @param outcomes of all peers @param seconds that it took since it began or was continued
   * @param spent what every peer has spent, where that is known of those that are gone too
   */
  async finish(
    outcomes: readonly PeerOutcome[],
    seconds: number,
    spent?: ReadonlyMap<PeerId, MeterTotals>,
  ): Promise<RunResult> {
    const { alone = false } = this.#setup;
    const leaders = outcomes.filter(({ rank }) => rank === 0 || alone);
    const { outcome, rounds, metrics, reachedTargetAt, params } = leaders.reduce((a, b) =>
      b.rounds > a.rounds ? b : a,
    );
    const decentralised = this.#setup.method.hops !== undefined;
    const own = params === undefined ? [] : [params]; // rank 0 keeps its model; whoever came too late has none
    const models = decentralised ? outcomes.flatMap((peer) => peer.params ?? []) : own;
    const hash = models.length === 0 ? "" : await paramsHash(meanOf(models));
    if (this.#concluded) this.#last = { ...this.#last, ...sumOf(this.#past.totals, this.#concluded) };
    if (spent !== undefined) this.#last = { ...this.#last, ...sumOf(this.#past.totals, this.#ledger.sum(spent)) };
    const reached =
      reachedTargetAt === undefined
        ? undefined
        : { ...reachedTargetAt, seconds: this.#past.seconds + reachedTargetAt.seconds };
    return this.#close({ outcome, rounds, seconds: this.#past.seconds + seconds, metrics, reached, hash });
  }

  /** A vector stopped being finite, so the run could not go on. */
  async diverged(): Promise<RunResult> {
    const { round, seconds } = this.#last;
    const metrics = { loss: Number.NaN };
    return this.#close({ outcome: "diverged", rounds: round, seconds, metrics, reached: undefined, hash: "" });
  }

  /** The run failed or was killed: what was logged stays. */
  async abandon(): Promise<void> {
    await this.#checkpoints?.finish();
    await this.#log?.close();
  }

  #evaluated(progress: Progress, { accuracy, ...measured }: Measured): void {
    const { batchLoss: _, metrics: __, swarm: ___, ...rest } = progress;
    const evaluation = { ...rest, ...measured, accuracy: accuracy ?? null };
    this.#curve.push(evaluation);
    this.#log?.write({ event: "evaluated", ...evaluation });
  }

  get #exchangedEntries(): number {
    return (this.#split?.shared ?? this.#setup.layout).length;
  }

  get #judged(): Judged {
    const { alone = false, job, method } = this.#setup;
    if (alone) return job.local === null && method.hops === undefined ? "common" : "own";
    if (job.local !== null) return "each";
    return method.hops === undefined ? "common" : "mean";
  }

  get #membersAtEnd(): number {
    return this.#last.swarm?.members ?? this.#setup.view.members.length;
  }

  /** Of so many members, whatever their ids. */
  #viewOf(members: number): View {
    const { server } = this.#setup.job;
    return viewOf({ server, peers: Math.max(1, server === "own" ? members - 1 : members) });
  }

  async #close({ outcome, rounds, seconds, metrics, reached, hash }: End): Promise<RunResult> {
    const { job, method, view, header, clock, controls, wireBytes, alone = false } = this.#setup;
    const { bytesUp, bytesDown, encodeMs, decodeMs, gradientMs } = this.#last;
    const totals: Totals = { bytesUp, bytesDown, encodeMs, decodeMs, gradientMs };
    const bytesTotal = totals.bytesUp + totals.bytesDown;
    const counted = alone && this.#concluded === undefined ? 1 : this.#membersAtEnd;
    const uncompressedBytes =
      alone && counted === 1
        ? this.#plainShare
        : method.uncompressedBytes(alone ? this.#viewOf(counted) : view, this.#exchangedEntries) * rounds;
    const atTarget = this.#curve.find(({ round }) => round === reached?.round);
    await this.#checkpoints?.finish();
    this.#log?.write({ event: "finished", outcome, rounds, seconds, ...totals, paramsHash: hash });
    const failure = await this.#log?.close();
    if (failure !== undefined) this.#trouble.push(`run log: ${failure.message}`);
    const result: RunResult = {
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
      judged: this.#judged,
      model: job.model,
      engine: header.engine,
      data: job.data,
      partition: job.partition,
      parameters: header.parameters,
      peers: job.peers,
      link: job.link === null ? "none" : formatLink(job.link),
      faults: clock === "virtual" ? job.faults : null,
      outcome,
      rounds,
      viewChanges: this.#viewChanges,
      undone: this.#undone,
      seconds,
      clock,
      ...totals,
      ...(wireBytes && { wireBytes: wireBytes() }),
      bytesTotal,
      bytesPerPeerPerRound: rounds === 0 ? 0 : bytesTotal / (alone ? Math.min(job.peers, counted) : job.peers) / rounds,
      loss: metrics?.loss ?? Number.NaN,
      accuracy: metrics?.accuracy ?? null,
      ...(metrics?.consensus === undefined ? {} : { consensus: metrics.consensus }),
      ...(metrics?.ownLoss === undefined ? {} : { ownLoss: metrics.ownLoss }),
      ...(metrics?.ownAccuracy === undefined ? {} : { ownAccuracy: metrics.ownAccuracy }),
      target: job.until === null ? null : formatTarget(job.until),
      reachedTargetAtRound: reached?.round ?? null,
      reachedTargetAtSeconds: reached?.seconds ?? null,
      reachedTargetAtBytes: atTarget === undefined ? null : atTarget.bytesUp + atTarget.bytesDown,
      uncompressedBytes,
      compressionRatio: bytesTotal === 0 ? 1 : uncompressedBytes / bytesTotal,
      seed: job.seed,
      paramsHash: hash,
      warnings: header.warnings,
      trouble: this.#trouble,
      curve: this.#curve,
    };
    if (controls.out !== undefined) {
      const text = `${JSON.stringify(result, null, 2)}\n`;
      await writeAtomically(join(controls.out, "result.json"), text).catch((error) =>
        this.#trouble.push(error.message),
      );
    }
    return result;
  }
}

interface End {
  readonly outcome: Outcome;
  readonly rounds: number;
  readonly seconds: number;
  readonly metrics: Measured | undefined;
  readonly reached: { readonly round: number; readonly seconds: number } | undefined;
  readonly hash: string;
}

const splitBy = (layout: Layout, { localTensors }: RunHeader): Split | undefined =>
  localTensors && new Split(layout, ({ name }) => localTensors.includes(name));

/** A folder holds one run: another is refused, and one that goes on forgets what came after its checkpoint. */
async function prepareFolder(out: string, checkpoint: Checkpoint | undefined): Promise<void> {
  if (checkpoint !== undefined && runFolderOf(checkpoint.path) === resolve(out)) {
    await forgetAfter(out, checkpoint.round);
  } else if (await holdsRun(out)) {
    throw new CheckpointError(`--out ${out}`, {
      expected: "a folder without a run in it",
      got: "one with checkpoints or a result",
      hint: `Name another folder, or continue that run with --resume ${out}.`,
    });
  }
}

/** JSON lines: `log.jsonl` holds the run's events, `ledger.jsonl` every wire of every exchange. */
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

  /** @returns the first thing that went wrong */
  async close(): Promise<Error | undefined> {
    await Promise.all([this.#events, this.#wires].map((stream) => closed(stream)));
    return this.#failure;
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
