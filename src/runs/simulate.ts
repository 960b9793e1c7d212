/**
 * Runs a job in virtual time: all peers in this process, over the simulator's clock and wires.
 */
import { NonFiniteError } from "../base/errors.ts";
import { roomForBatch } from "../data/batches.ts";
import { leaseVectors } from "../kernels/index.ts";
import type { Model } from "../ports/model.ts";
import { SharedReplicas } from "../recipes/shared-replicas.ts";
import { RecordingMeter } from "../rounds/recording-meter.ts";
import { ChromeTrace } from "../simulation/chrome-trace.ts";
import { conditionsOf } from "../simulation/conditions.ts";
import { simulate } from "../simulation/simulate.ts";
import { AtomicStream } from "./files.ts";
import type { Host, PeerOutcome } from "./host.ts";
import { type Job, jobRandom, UNLIMITED } from "./job.ts";
import { ShownModels } from "./mean-model.ts";
import { ToldTensors } from "./own-models.ts";
import { trainPeer } from "./program.ts";
import { Recorder } from "./recorder.ts";
import type { RunControls, RunResult } from "./result.ts";
import {
  beginningOf,
  headerOf,
  isElastic,
  methodOf,
  methodWithDials,
  openJobModel,
  openSetting,
  resumedOf,
  type Setting,
  splitOf,
  trainingSettings,
} from "./setting.ts";

/**
 * @returns the result, of a diverged or interrupted run too
 * @throws {ConfigError | DataError | ModelError | CheckpointError} {Aborted} when `controls.kill` fires
 */
export async function simulateJob(job: Job, controls: RunControls = {}): Promise<RunResult> {
  const setting = await openSetting(job, controls, false);
  const warnings: string[] = [];
  const model = await openJobModel(job, setting.data, (line) => warnings.push(line));
  const lease = leaseVectors();
  try {
    return await run(job, controls, setting, model, warnings);
  } finally {
    lease.release();
    await model.close();
  }
}

async function run(
  job: Job,
  controls: RunControls,
  setting: Setting,
  model: Model,
  warnings: readonly string[],
): Promise<RunResult> {
  const { view, data, parts, checkpoint } = setting;
  const file = controls.trace === undefined ? undefined : await AtomicStream.open(controls.trace);
  const story = file && new ChromeTrace(file.write);
  const method = methodOf(job);
  const settings = trainingSettings(job, model, setting);
  const recorder = await Recorder.open({
    job,
    method,
    view,
    layout: model.layout,
    header: headerOf(job, setting, model, warnings),
    clock: "virtual",
    controls,
    checkpoint,
    dataChecksum: setting.dataChecksum,
  });
  // What is shared costs one peer less than it would cost each on its own: where costs are measured nothing is.
  const shared = job.stepCost === null ? undefined : new SharedReplicas();
  const shown = new ShownModels(isElastic(job) ? undefined : view.members.length);
  const split = splitOf(job, model);
  const told = new ToldTensors();
  if (split !== undefined && checkpoint !== undefined) told.recall(checkpoint.round, checkpoint.peers, split);
  const meters = new Map(view.members.map((id) => [id, new RecordingMeter()]));
  const batchRoom = roomForBatch(data.train, job.batch);
  let ended = false;
  const meterOf = (id: (typeof view.members)[number]) => meters.get(id)!;
  try {
    const { results } = await simulate<PeerOutcome>(
      {
        ...conditionsOf(job.faults ?? {}, { view, link: job.link ?? UNLIMITED, rng: jobRandom(job) }),
        view,
        seed: job.seed,
        ...(story && { trace: story.trace }),
        ...(controls.kill === undefined ? {} : { signal: controls.kill }),
        meter: meterOf,
      },
      async (peer) => {
        const host: Host = {
          tick: (tick) => recorder.tick(peer.id, tick),
          stopRequested: () => controls.stop?.aborted ?? false,
          checkpointEvery: controls.checkpointEvery ?? 0,
          checkpoint: (state) => recorder.checkpoint(state),
          decided: (decision) => recorder.decided(decision),
          show: (round, own) => shown.show(round, peer.id, own),
          shown: (round) => shown.take(round),
          keeps: (rounds, values) => told.tell(peer.id, rounds, values),
          kept: (rounds) => told.by(rounds),
          regrouped: (change) => recorder.regrouped(change),
          ended: () => ended,
        };
        const returns = peer.view.epoch > view.epoch;
        const resumed = returns ? undefined : resumedOf(checkpoint, peer.id);
        const begins = returns ? "joining" : beginningOf(checkpoint, peer.id);
        const setup = {
          job,
          method,
          ...methodWithDials(job),
          model,
          data,
          roster: view,
          parts,
          settings,
          batchRoom,
          ...(shared && { shared }),
          host,
          resumed,
          begins,
        };
        const outcome = await trainPeer(peer, setup);
        ended = true;
        return outcome;
      },
    );
    // The run is over when its last peer has applied the last result.
    const last = Math.max(...results.map(({ seconds }) => seconds));
    return await recorder.finish(results, last, new Map([...meters].map(([id, meter]) => [id, meter.totals()])));
  } catch (error) {
    if (error instanceof NonFiniteError) return await recorder.diverged();
    await recorder.abandon();
    throw error;
  } finally {
    story?.end();
    await file?.close();
  }
}
