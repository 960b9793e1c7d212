/**
 * Runs a job on worker threads in real time: one compute worker a peer, this thread moves the bytes and paces the wires.
 */
import { CorruptError, NonFiniteError } from "../base/errors.ts";
import type { Layout } from "../base/layout.ts";
import type { TrainTest } from "../ports/dataset.ts";
import type { PeerId } from "../ports/view.ts";
import { siblingEntry, startThreads } from "../transports/threads/index.ts";
import type { Beginning, PeerOutcome, Resumed, Tick } from "./host.ts";
import type { Job } from "./job.ts";
import type { Decision } from "./pacing/pacing.ts";
import { Recorder } from "./recorder.ts";
import type { PeerState, RunControls, RunResult } from "./result.ts";
import { beginningOf, headerOf, methodOf, openJobModel, openSetting, resumedOf } from "./setting.ts";

/** What a compute worker is started with. */
export interface WorkerData {
  readonly job: Job;
  readonly data: TrainTest;
  readonly parts: readonly Uint32Array[];
  readonly checkpointEvery: number;
  /** By id. */
  readonly resumed: readonly (Resumed | undefined)[];
  readonly begins: readonly Beginning[];
}

/** What a compute worker tells the main thread. */
export type WorkerMessage =
  | { readonly type: "tick"; readonly tick: Tick }
  | { readonly type: "show"; readonly round: number; readonly model: Float32Array }
  | { readonly type: "keep"; readonly round: number; readonly tensors: Float32Array }
  | { readonly type: "decided"; readonly decision: Decision }
  | { readonly type: "checkpoint"; readonly state: PeerState };

/** What the main thread tells a compute worker. */
export type MainMessage =
  | { readonly type: "stop" }
  /** To rank 0: the model of another peer after a round. */
  | { readonly type: "shown"; readonly round: number; readonly from: PeerId; readonly model: Float32Array }
  /** To rank 0: the local tensors of another peer. */
  | { readonly type: "kept"; readonly round: number; readonly from: PeerId; readonly tensors: Float32Array };

/**
 * @returns the result, of a diverged or interrupted run too
 * @throws {ConfigError | DataError | ModelError | CheckpointError} {Aborted} when `controls.kill` fires
 */
export async function train(job: Job, controls: RunControls = {}): Promise<RunResult> {
  const setting = await openSetting(job, controls, true);
  const { view, data, parts, checkpoint } = setting;
  const warnings: string[] = [];
  // Opened here once to check it and to know its layout; every worker opens its own.
  const model = await openJobModel(job, data, (line) => warnings.push(line));
  const header = headerOf(job, setting, model, warnings);
  const layout: Layout = model.layout;
  await model.close();
  const recorder = await Recorder.open({
    job,
    method: methodOf(job),
    view,
    layout,
    header,
    clock: "wall",
    controls,
    checkpoint,
    dataChecksum: setting.dataChecksum,
  });
  const workerData: WorkerData = {
    job,
    data,
    parts,
    checkpointEvery: controls.checkpointEvery ?? 0,
    resumed: view.members.map((id) => resumedOf(checkpoint, id)),
    begins: view.members.map((id) => beginningOf(checkpoint, id)),
  };
  const halt = new AbortController();
  let damage: CorruptError | undefined;
  const swarm = startThreads<PeerOutcome>({
    entry: siblingEntry("./train-worker", import.meta.url),
    data: workerData,
    view,
    seed: job.seed,
    ...(job.link === null ? {} : { link: job.link }),
    signal: controls.kill === undefined ? halt.signal : AbortSignal.any([controls.kill, halt.signal]),
    onDrop: ({ from, to, why }) => {
      if (why === "duplicate" || why === "stale") return;
      // Whoever waits for this frame would wait for ever: membership is fixed and nobody sends twice.
      damage = new CorruptError(`frame from peer ${from} to peer ${to}`, { expected: "an intact frame", got: why });
      halt.abort(damage);
    },
  });
  swarm.onMessage((id: PeerId, message: unknown) => {
    const told = message as WorkerMessage; // our own worker's message, not a stranger's
    if (told.type === "tick") recorder.tick(id, told.tick);
    else if (told.type === "decided") recorder.decided(told.decision);
    else if (told.type === "checkpoint") recorder.checkpoint(told.state);
    else if (told.type === "keep")
      swarm.post(view.members[0]!, { ...told, type: "kept", from: id } satisfies MainMessage);
    else swarm.post(view.members[0]!, { ...told, type: "shown", from: id } satisfies MainMessage);
  });
  const stop = () => swarm.post(view.members[0]!, { type: "stop" } satisfies MainMessage);
  controls.stop?.addEventListener("abort", stop);
  if (controls.stop?.aborted) stop();
  try {
    const results = await swarm.done;
    // By the clock of rank 0, which stands still while it evaluates and the others wait for it.
    return await recorder.finish(results, results[0]!.seconds);
  } catch (error) {
    if (error instanceof NonFiniteError) return await recorder.diverged();
    await recorder.abandon();
    throw damage ?? error;
  } finally {
    controls.stop?.removeEventListener("abort", stop);
  }
}
