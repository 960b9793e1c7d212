/**
 * The model of a run as an ONNX file.
 */
import { openData } from "../data/open.ts";
import { exportModel } from "../models/index.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { writeAtomically } from "./files.ts";

export interface Exported {
  readonly path: string;
  readonly bytes: number;
  readonly model: string;
  readonly parameters: number;
  /** Rounds of training behind it. */
  readonly round: number;
  /** Rows that the file takes at once; null is any number. */
  readonly rows: number | null;
  readonly inputShape: readonly number[];
  /** Of the parameters. */
  readonly paramsHash: string;
}

/**
 * Reads the data of the run again: the model's shape depends on it, and the moments of its norms.
 * @param from a checkpoint, or a run folder, of which the newest is taken
 * @param rows that the file takes at once; by default any number, or 1 where the model fixes it
 * @throws {CheckpointError | ConfigError | DataError | ModelError}
 */
export async function exportRun(from: string, to: string, rows?: number): Promise<Exported> {
  const { job, round, params, paramsHash } = await readCheckpoint(from);
  const { train } = await openData(job.data, { seed: job.seed, shared: false, warn: () => {} });
  const exported = await exportModel(job.model, params, train, rows);
  await writeAtomically(to, exported.bytes);
  return {
    path: to,
    bytes: exported.bytes.length,
    model: job.model,
    parameters: params.length,
    round,
    rows: exported.rows,
    inputShape: exported.inputShape,
    paramsHash,
  };
}
