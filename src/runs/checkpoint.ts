/**
 * Checkpoints: the whole state of a run after a round, from which it continues bit for bit.
 *
 *     checkpoints/round-000120/
 *       checkpoint.json        the job, the round, and the SHA-256 of every other file
 *       model.safetensors      the parameters, tensor by tensor, for any program to read; their mean where peers differ
 *       peer-0.safetensors …   optimizer and channel state of each peer by its id: velocities, errors, mirrored estimates,
 *                              and the tensors that it keeps to itself
 *
 * Written as a whole or not at all; the last two are kept, or as many as the run wants.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { CheckpointError, ConfigError } from "../base/errors.ts";
import { type Layout, tensorOf } from "../base/layout.ts";
import type { NamedVectors } from "../base/state.ts";
import type { PeerId } from "../ports/view.ts";
import type { Split } from "../recipes/local-tensors.ts";
import { type NamedContent, readWhole, writeFolderAtomically } from "./files.ts";
import { checkJob, type Job, optionsOf } from "./job.ts";
import { NOTHING } from "./ledger.ts";
import { meanOf } from "./mean-model.ts";
import { withMeanTensors } from "./own-models.ts";
import { paramsHash, sha256 } from "./params-hash.ts";
import type { PeerState, Totals } from "./result.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const FORMAT = 1;
const KEPT = 2;
const ROUND_FOLDER = /^round-(\d{6,})$/;

export interface Checkpoint {
  readonly path: string;
  readonly job: Job;
  /** Rounds done. */
  readonly round: number;
  readonly past: Past;
  /** Of the training data. */
  readonly dataChecksum: number;
  readonly paramsHash: string;
  readonly params: Float32Array;
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** By id; undefined for a peer that was away. */
  readonly peers: readonly (NamedVectors | undefined)[];
}

/** What a run had come to at a checkpoint: its continuation adds to it. */
export interface Past {
  readonly totals: Totals;
  readonly seconds: number;
}

interface Complete {
  readonly round: number;
  readonly states: readonly PeerState[];
  readonly past: Past;
}

/**
 * Collects the states that peers hand in after a round and writes them once all are there. A checkpoint that cannot be
 * written is told of and the next one tried.
 */
export class CheckpointWriter {
  readonly #out: string;
  readonly #job: Job;
  readonly #dataChecksum: number;
  readonly #layout: Layout;
  /** What peers exchange and what they keep. */
  readonly #split: Split | undefined;
  readonly #keep: number;
  readonly #trouble: (line: string) => void;
  /** By round and peer: one that was in a round again after membership changed hands in its state again. */
  readonly #collecting = new Map<number, Map<PeerId, PeerState>>();
  /** For the disk: of more than are kept the oldest gives way. */
  #waiting: Complete[] = [];
  #writing: Promise<void> | undefined;

  constructor(
    out: string,
    {
      job,
      dataChecksum,
      layout,
      split,
      keep = KEPT,
    }: {
      job: Job;
      dataChecksum: number;
      layout: Layout;
      split?: Split | undefined;
      keep?: number | undefined;
    },
    trouble: (line: string) => void,
  ) {
    this.#out = out;
    this.#job = job;
    this.#dataChecksum = dataChecksum;
    this.#layout = layout;
    this.#split = split;
    this.#keep = keep;
    this.#trouble = trouble;
  }

  add(state: PeerState, past: () => Past): void {
    const collected = this.#collecting.get(state.round) ?? new Map<PeerId, PeerState>();
    this.#collecting.set(state.round, collected.set(state.id, state));
    if (collected.size < state.members) return;
    const states = [...collected.values()];
    for (const round of [...this.#collecting.keys()]) if (round <= state.round) this.#collecting.delete(round);
    this.#waiting = [...this.#waiting, { round: state.round, states, past: past() }].slice(-this.#keep);
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when all is on disk, or was told of. */
  async finish(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        await this.#write(next);
      } catch (error) {
        this.#trouble(`checkpoint of round ${next.round}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    this.#writing = undefined;
  }

  async #write(complete: Complete): Promise<void> {
    const name = `round-${String(complete.round).padStart(6, "0")}`;
    await writeFolderAtomically(join(this.#out, "checkpoints", name), this.#filesOf(complete));
    for (const old of (await checkpointsIn(this.#out)).slice(0, -this.#keep))
      await rm(old, { recursive: true, force: true });
  }

  /** One after the other, so that only one of them takes memory. */
  async *#filesOf({ round, states, past }: Complete): AsyncGenerator<NamedContent> {
    const files: Record<string, string> = {};
    const hashed = async (name: string, bytes: Uint8Array<ArrayBuffer>): Promise<NamedContent> => {
      files[name] = await sha256(bytes);
      return [name, bytes];
    };
    const split = this.#split;
    const models = states.toSorted((a, b) => a.rank - b.rank).flatMap((state) => state.params ?? []);
    const params = withMeanTensors(meanOf(models), split, states, this.#job);
    const tensors = this.#layout.tensors.map((slot) => ({
      name: slot.name,
      shape: slot.shape,
      values: tensorOf(params, slot),
    }));
    const about = { model: this.#job.model, round: String(round) };
    yield await hashed("model.safetensors", writeSafetensors(tensors, about));
    for (const { id, learner } of states) {
      const vectors = [...learner].map(([name, values]) => ({ name, shape: [values.length], values }));
      yield await hashed(`peer-${id}.safetensors`, writeSafetensors(vectors));
    }
    const checkpoint = {
      format: FORMAT,
      round,
      job: this.#job,
      dataChecksum: this.#dataChecksum,
      ...past,
      paramsHash: await paramsHash(split?.sharedOf(params) ?? params),
      files,
    };
    yield ["checkpoint.json", `${JSON.stringify(checkpoint, null, 2)}\n`];
  }
}

/**
 * Reads a checkpoint, or the newest one of a run folder, and checks it against its hashes.
 * @throws {CheckpointError} if it is absent, cut short, changed or of another format
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const folder = await checkpointFolder(path);
  const about = parseAbout(await readWhole(join(folder, "checkpoint.json")), folder);
  const members = about.job.peers + (about.job.server === "own" ? 1 : 0);
  const read = async (name: string) => {
    const bytes = await readWhole(join(folder, name));
    if ((await sha256(bytes)) !== about.files[name]) {
      throw new CheckpointError(join(folder, name), {
        expected: `SHA-256 ${about.files[name] ?? "in checkpoint.json"}`,
        got: "other bytes",
        hint: "The file was changed or damaged; resume from another checkpoint.",
      });
    }
    return readSafetensors(bytes, join(folder, name)).tensors;
  };
  const tensors = await read("model.safetensors");
  const params = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.values.length, 0));
  let offset = 0;
  for (const { values } of tensors) {
    params.set(values, offset);
    offset += values.length;
  }
  const peers: (NamedVectors | undefined)[] = [];
  for (let id = 0; id < members; id++) {
    const name = `peer-${id}.safetensors`;
    const there = about.files[name] !== undefined;
    peers.push(there ? new Map((await read(name)).map(({ name, values }) => [name, values])) : undefined);
  }
  if (peers.every((peer) => peer === undefined)) {
    throw new CheckpointError(folder, { expected: "the state of at least one peer", got: "none" });
  }
  const { job, round, dataChecksum, totals, seconds, paramsHash: hash } = about;
  return {
    path: folder,
    job,
    round,
    past: { totals, seconds },
    dataChecksum,
    paramsHash: hash,
    params,
    tensors,
    peers,
  };
}

/** Fields that a run cannot change when it goes on: they decide the bits. */
const FIXED = [
  "recipe",
  "up",
  "down",
  "optimizer",
  "average",
  "aggregator",
  "byzantine",
  "local",
  "model",
  "data",
  "partition",
  "peers",
  "server",
  "batch",
  "seed",
] as const;

/** @throws {ConfigError} if the job to run is not a continuation of the checkpoint's */
export function checkContinues(job: Job, dataChecksum: number, checkpoint: Checkpoint): void {
  const before = checkpoint.job;
  const where = `--resume ${checkpoint.path}`;
  const hint = "Leave the option out, or start a new run.";
  for (const field of FIXED) {
    if (job[field] !== before[field]) {
      throw new ConfigError(where, {
        expected: `${field} ${before[field]}, as in the checkpoint`,
        got: job[field],
        hint,
      });
    }
  }
  if (dataChecksum !== checkpoint.dataChecksum) {
    throw new ConfigError(where, { expected: `the data that it was made with, of ${before.data}`, got: "other data" });
  }
  if (job.momentum.at !== before.momentum.at || job.momentum.factor > 0 !== before.momentum.factor > 0) {
    const expected = before.momentum.factor > 0 ? `a momentum above 0 at the ${before.momentum.at}` : "no momentum";
    throw new ConfigError("--momentum", { expected, got: `${job.momentum.factor}@${job.momentum.at}`, hint });
  }
  if (job.rounds <= checkpoint.round) {
    throw new ConfigError("--rounds", {
      expected: `more than the ${checkpoint.round} rounds already done`,
      got: job.rounds,
    });
  }
}

/** The run folder that a path of `--resume` lies in or is. */
export const runFolderOf = (path: string): string =>
  ROUND_FOLDER.test(basename(resolve(path))) ? resolve(path, "..", "..") : resolve(path);

/** Whether a folder holds a run: two would mix their logs, and `--resume` would take the wrong checkpoint. */
export async function holdsRun(folder: string): Promise<boolean> {
  const finished = await stat(join(folder, "result.json")).catch(() => undefined);
  return finished !== undefined || (await checkpointsIn(folder)).length > 0;
}

/** A run goes on from `round` in its own folder: what came after it, and what was half-written, is of another branch. */
export async function forgetAfter(folder: string, round: number): Promise<void> {
  const checkpoints = join(folder, "checkpoints");
  for (const name of await readdir(checkpoints).catch(() => [])) {
    const later = Number(ROUND_FOLDER.exec(name)?.[1] ?? 0) > round;
    if (later || name.endsWith(".tmp")) await rm(join(checkpoints, name), { recursive: true, force: true });
  }
  await rm(join(folder, "result.json"), { force: true });
}

async function checkpointFolder(path: string): Promise<string> {
  if (ROUND_FOLDER.test(basename(path))) return path;
  const newest = (await checkpointsIn(path)).at(-1);
  if (newest !== undefined) return newest;
  throw new CheckpointError(path, {
    expected: "a run folder with checkpoints/round-…, or such a checkpoint",
    got: (await stat(path).catch(() => undefined)) === undefined ? "nothing there" : "neither",
  });
}

async function checkpointsIn(run: string): Promise<string[]> {
  const folder = join(run, "checkpoints");
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => ROUND_FOLDER.test(name))
    .sort((a, b) => Number(ROUND_FOLDER.exec(a)![1]) - Number(ROUND_FOLDER.exec(b)![1]))
    .map((name) => join(folder, name));
}

interface About extends Past {
  readonly round: number;
  readonly job: Job;
  readonly dataChecksum: number;
  readonly paramsHash: string;
  readonly files: Readonly<Record<string, string>>;
}

function parseAbout(bytes: Uint8Array, folder: string): About {
  const where = join(folder, "checkpoint.json");
  let about: Partial<About> & { format?: unknown };
  try {
    about = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new CheckpointError(where, { expected: "JSON", got: "something else" });
  }
  if (about?.format !== FORMAT) {
    throw new CheckpointError(where, { expected: `checkpoint format ${FORMAT}`, got: about?.format });
  }
  if (!isAbout(about)) {
    throw new CheckpointError(where, {
      expected: "round, job, dataChecksum, totals, seconds, paramsHash and files",
      got: Object.keys(about),
    });
  }
  try {
    return { ...about, job: checkJob(optionsOf(about.job)) };
  } catch (cause) {
    throw new CheckpointError(`${where}: job`, {
      expected: "a job that this version knows",
      got: String(cause),
      cause,
    });
  }
}

/** The shape of the file; `checkJob` checks the job inside. */
function isAbout(about: Partial<About>): about is About {
  const { round, job, dataChecksum, totals, seconds, paramsHash: hash, files } = about;
  const counts = Object.keys(NOTHING).map((name) => (totals as Record<string, unknown> | undefined)?.[name]);
  return (
    Number.isSafeInteger(round) &&
    Number.isSafeInteger(dataChecksum) &&
    Number.isFinite(seconds) &&
    counts.every((n) => Number.isFinite(n)) &&
    typeof hash === "string" &&
    [job, files].every((value) => typeof value === "object" && value !== null)
  );
}
