/**
 * What is in a checkpoint or a run folder.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readCheckpoint } from "./checkpoint.ts";
import type { Job } from "./job.ts";
import type { RunResult } from "./result.ts";

export interface Inspection {
  readonly path: string;
  readonly job: Job;
  readonly round: number;
  readonly paramsHash: string;
  readonly parameters: number;
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** State of each peer by id, empty for one that was away: names, lengths and Euclidean norms; an error memory's norm is what is still unsent. */
  readonly peers: readonly (readonly { readonly name: string; readonly length: number; readonly norm: number }[])[];
  /** The run's result, where the path is the folder of a run that has finished. */
  readonly result: RunResult | null;
}

/** @throws {CheckpointError} if nothing usable is there */
export async function inspect(path: string): Promise<Inspection> {
  const checkpoint = await readCheckpoint(path);
  return {
    path: checkpoint.path,
    job: checkpoint.job,
    round: checkpoint.round,
    paramsHash: checkpoint.paramsHash,
    parameters: checkpoint.params.length,
    tensors: checkpoint.tensors,
    peers: checkpoint.peers.map((state) =>
      [...(state ?? [])].map(([name, values]) => ({ name, length: values.length, norm: norm(values) })),
    ),
    result: await readFile(join(path, "result.json"), "utf8").then(
      (text) => JSON.parse(text) as RunResult, // written by this program beside the checkpoint
      () => null,
    ),
  };
}

function norm(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}
