/**
 * Checkpoints: the whole state of a run after a round, from which it continues bit for bit.
 *
 *     checkpoints/round-000120/
 *       checkpoint.json        the job, the round, and the SHA-256 of every other file
 *       model.safetensors      the parameters, tensor by tensor, for any program to read
 *       peer-0.safetensors …   optimizer and channel state of each peer: velocities, errors, mirrored estimates
 *
 * Written as a whole or not at all; the last two are kept.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { CheckpointError, ConfigError } from "../base/errors.ts";
import { type Layout, tensorOf } from "../base/layout.ts";
import type { NamedVectors } from "../base/state.ts";
import { readWhole, writeFolderAtomically } from "./files.ts";
import { checkJob, type Job, optionsOf } from "./job.ts";
import { paramsHash, sha256 } from "./params-hash.ts";
import type { PeerState } from "./result.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const FORMAT = 1;
const KEPT = 2;
const ROUND_FOLDER = /^round-(\d{6,})$/;

export interface Checkpoint {
  readonly path: string;
  readonly job: Job;
  /** Rounds done. */
  readonly round: number;
  readonly paramsHash: string;
  readonly params: Float32Array;
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** By rank. */
  readonly peers: readonly NamedVectors[];
}

/** Collects the states that peers hand in after a round and writes them once all are there. */
export class CheckpointWriter {
  readonly #out: string;
  readonly #job: Job;
  readonly #layout: Layout;
  readonly #members: number;
  readonly #waiting = new Map<number, PeerState[]>();
  #written: Promise<void> = Promise.resolve();

  constructor(out: string, job: Job, layout: Layout, members: number) {
    this.#out = out;
    this.#job = job;
    this.#layout = layout;
    this.#members = members;
  }

  add(state: PeerState): void {
    const states = [...(this.#waiting.get(state.round) ?? []), state];
    this.#waiting.set(state.round, states);
    if (states.length < this.#members) return;
    this.#waiting.delete(state.round);
    this.#written = this.#written.then(() => this.#write(state.round, states));
    this.#written.catch(() => {}); // reported by `finish`
  }

  /** Resolves when all is on disk. @throws {CheckpointError} if a checkpoint could not be written */
  async finish(): Promise<void> {
    await this.#written;
  }

  async #write(round: number, states: readonly PeerState[]): Promise<void> {
    const params = states.find((state) => state.params !== null)?.params;
    if (params === null || params === undefined) return;
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    const tensors = this.#layout.tensors.map((slot) => ({
      name: slot.name,
      shape: slot.shape,
      values: tensorOf(params, slot),
    }));
    files.set("model.safetensors", writeSafetensors(tensors, { model: this.#job.model, round: String(round) }));
    for (const { rank, learner } of states) {
      const vectors = [...learner].map(([name, values]) => ({ name, shape: [values.length], values }));
      files.set(`peer-${rank}.safetensors`, writeSafetensors(vectors));
    }
    const hashes = new Map<string, string>();
    for (const [name, bytes] of files) hashes.set(name, await sha256(bytes));
    const about = {
      format: FORMAT,
      round,
      job: this.#job,
      paramsHash: await paramsHash(params),
      files: Object.fromEntries(hashes),
    };
    await writeFolderAtomically(
      join(this.#out, "checkpoints", `round-${String(round).padStart(6, "0")}`),
      new Map<string, Uint8Array | string>([...files, ["checkpoint.json", `${JSON.stringify(about, null, 2)}\n`]]),
    );
    for (const old of (await checkpointsIn(this.#out)).slice(0, -KEPT)) await rm(old, { recursive: true, force: true });
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
  const peers: NamedVectors[] = [];
  for (let rank = 0; rank < members; rank++) {
    peers.push(new Map((await read(`peer-${rank}.safetensors`)).map(({ name, values }) => [name, values])));
  }
  return { path: folder, job: about.job, round: about.round, paramsHash: about.paramsHash, params, tensors, peers };
}

/** Fields that a run cannot change when it goes on: they decide the bits. */
const FIXED = ["recipe", "up", "down", "model", "data", "partition", "peers", "server", "batch", "seed"] as const;

/** @throws {ConfigError} if the job to run is not a continuation of the checkpoint's */
export function checkContinues(job: Job, checkpoint: Checkpoint): void {
  for (const field of FIXED) {
    if (job[field] !== checkpoint.job[field]) {
      throw new ConfigError(`--resume ${checkpoint.path}`, {
        expected: `${field} ${checkpoint.job[field]}, as in the checkpoint`,
        got: job[field],
        hint: "Leave the option out, or start a new run.",
      });
    }
  }
  const place = checkpoint.job.momentum.at;
  if (job.momentum.at !== place) {
    throw new ConfigError("--momentum", { expected: `momentum at the ${place}`, got: job.momentum.at });
  }
  if (job.rounds <= checkpoint.round) {
    throw new ConfigError("--rounds", {
      expected: `more than the ${checkpoint.round} rounds already done`,
      got: job.rounds,
    });
  }
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

interface About {
  readonly round: number;
  readonly job: Job;
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
  const { round, job, paramsHash: hash, files } = about;
  if (!Number.isSafeInteger(round) || typeof job !== "object" || job === null || typeof hash !== "string" || !files) {
    throw new CheckpointError(where, { expected: "round, job, paramsHash and files", got: Object.keys(about) });
  }
  try {
    return { round: round!, job: checkJob(optionsOf(job)), paramsHash: hash, files };
  } catch (cause) {
    throw new CheckpointError(`${where}: job`, {
      expected: "a job that this version knows",
      got: String(cause),
      cause,
    });
  }
}
