/**
 * Runs a job in virtual time: all peers in this process, over the simulator's clock and wires.
 */
import { NonFiniteError } from "../base/errors.ts";
import { leaseVectors } from "../kernels/index.ts";
import type { Model } from "../ports/model.ts";
import { rankOf } from "../ports/view.ts";
import { RecordingMeter } from "../rounds/recording-meter.ts";
import { simulate } from "../simulation/simulate.ts";
import { type Job, UNLIMITED } from "./job.ts";
import { type Host, type PeerOutcome, trainPeer } from "./program.ts";
import { Recorder } from "./recorder.ts";
import type { RunControls, RunResult } from "./result.ts";
import { headerOf, methodOf, openJobModel, openSetting, resumedOf, type Setting, trainingSettings } from "./setting.ts";

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
  const meters = new Map(view.members.map((id) => [id, new RecordingMeter()]));
  const meterOf = (id: (typeof view.members)[number]) => meters.get(id)!;
  try {
    const { results } = await simulate<PeerOutcome>(
      {
        view,
        seed: job.seed,
        link: job.link ?? UNLIMITED,
        ...(controls.kill === undefined ? {} : { signal: controls.kill }),
        meter: meterOf,
      },
      (peer) => {
        const host: Host = {
          tick: (tick) => recorder.tick(peer.id, tick, peer.meter.totals()),
          stopRequested: () => controls.stop?.aborted ?? false,
          checkpointEvery: controls.checkpointEvery ?? 0,
          checkpoint: (state) => recorder.checkpoint(state),
        };
        const resumed = resumedOf(checkpoint, rankOf(view, peer.id));
        return trainPeer(peer, { job, method, model, data, parts, settings, host, resumed });
      },
    );
    // The run is over when its last peer has applied the last result.
    return await recorder.finish(results[0]!, Math.max(...results.map(({ seconds }) => seconds)));
  } catch (error) {
    if (error instanceof NonFiniteError) return await recorder.diverged();
    await recorder.abandon();
    throw error;
  }
}
