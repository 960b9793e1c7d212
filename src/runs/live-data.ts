/**
 * The data of one peer of a live run: its part of a data set that all have, or rows of its own.
 */
import { ConfigError, DataError, ModelError } from "../base/errors.ts";
import { parseSpec } from "../base/spec.ts";
import { openData } from "../data/open.ts";
import type { Model } from "../ports/model.ts";
import type { PeerId } from "../ports/view.ts";
import { checkContinues, readCheckpoint } from "./checkpoint.ts";
import type { Job } from "./job.ts";
import { type About, layoutHash, shapeOf } from "./live-about.ts";
import type { RunControls } from "./result.ts";
import { checksumOf, openSetting, type Setting, viewOf } from "./setting.ts";

/** Data sets that come with Thinwire: the same rows on every machine, from no file that a stranger could name. */
const BUNDLED: ReadonlySet<string> = new Set(["digits", "shapes"]);

export const isBundled = (spec: string): boolean => BUNDLED.has(parseSpec(spec, "--data").name);

/** What a peer brings to a live run, opened before it is a member. */
export interface LiveSetting extends Setting {
  readonly shared: boolean;
}

/**
 * @param shared all peers have these data, and each takes its part; else all rows are this peer's
 * @throws {ConfigError | DataError | CheckpointError}
 */
export async function openLiveSetting(job: Job, shared: boolean, controls: RunControls): Promise<LiveSetting> {
  if (shared) return { ...(await openSetting(job, controls, true)), shared };
  const checkpoint = controls.resume === undefined ? undefined : await readCheckpoint(controls.resume);
  const warnings: string[] = [];
  const data = await openData(job.data, { seed: job.seed, shared: true, warn: (line) => warnings.push(line) });
  const all = Uint32Array.from({ length: data.train.rows }, (_, row) => row);
  const dataChecksum = checksumOf(data.train);
  if (checkpoint !== undefined) checkContinues(job, dataChecksum, checkpoint);
  return { view: viewOf(job), data, parts: [all], checkpoint, dataChecksum, warnings, shared };
}

/** Which part of shared data a worker takes: ids go round, those who come later take a part that has been taken before. */
export function placeOf(job: Pick<Job, "peers" | "server">, id: PeerId): number {
  const first = job.server === "own" ? 1 : 0;
  return (id - first + job.peers) % job.peers;
}

/** @throws {ConfigError | DataError} if this peer cannot train on its data what the swarm trains */
export function checkData({ data, dataChecksum, shared }: LiveSetting, about: About, job: Job): void {
  const { inputShape, classes } = shapeOf(data);
  const rows = (shape: readonly number[], n: number) => `rows of ${shape.join(" x ")} in ${n} classes`;
  if (`${inputShape}` !== `${about.inputShape}` || classes !== about.classes) {
    throw new DataError(`--data ${job.data}`, {
      expected: `${rows(about.inputShape, about.classes)}, which the swarm trains on`,
      got: rows(inputShape, classes),
    });
  }
  if (!shared || dataChecksum === about.dataChecksum) return;
  throw new DataError(`--data ${job.data}`, {
    expected: "the very rows that the others have, since each peer takes its part of them",
    got: "other rows",
    hint: "Install the Thinwire that the swarm runs, or have the swarm served with --own-data.",
  });
}

/** @throws {ModelError} if the model is another than that of the swarm */
export async function checkLayout({ layout }: Pick<Model, "layout">, about: About, job: Job): Promise<void> {
  if (layout.length === about.parameters && (await layoutHash(layout)) === about.layout) return;
  throw new ModelError(`--model ${job.model}`, {
    expected: `the model of the swarm, ${about.job.model} of ${about.parameters} parameters`,
    got: layout.length === about.parameters ? "tensors of other names or shapes" : `${layout.length} parameters`,
  });
}

/** The spec of the data that a joiner opens. Paths are never taken from the swarm. @throws {ConfigError} */
export function dataFor({ data, job, inputShape, classes }: About, own: string | undefined): string {
  if (data === "shared" && own !== undefined && own !== job.data) {
    throw new ConfigError("--data", {
      expected: `no data of one's own: the peers of this swarm share ${job.data}`,
      got: own,
      hint: "Whoever serves it can ask for everybody's own data by --own-data.",
    });
  }
  if (own !== undefined) return own;
  if (isBundled(job.data)) return job.data;
  throw new ConfigError("--data", {
    expected: "data of one's own: those of this swarm come with no Thinwire",
    got: "none",
    hint: `Name them, such as --data csv:mine.csv: rows of ${inputShape.join(" x ")} in ${classes} classes.`,
  });
}
