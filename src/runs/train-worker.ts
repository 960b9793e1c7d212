/**
 * The compute worker of one peer: program, channels and model. Entry module of `train.ts`.
 */
import { rankOf } from "../ports/view.ts";
import { servePeer } from "../transports/threads/index.ts";
import { type PeerOutcome, trainPeer } from "./program.ts";
import { methodOf, openJobModel, trainingSettings } from "./setting.ts";
import type { WorkerData, WorkerMessage } from "./train.ts";

servePeer<PeerOutcome>(async ({ peer, data: given, control }) => {
  const { job, data, parts, checkpointEvery, resumed } = given as WorkerData; // what `train.ts` passed
  const tell = (message: WorkerMessage) => control.post(message);
  let stopRequested = false;
  control.onMessage(() => {
    stopRequested = true;
  });
  const model = await openJobModel(job, data, () => {}); // the main thread has shown the warnings
  try {
    return await trainPeer(peer, {
      job,
      method: methodOf(job),
      model,
      data,
      parts,
      settings: trainingSettings(job, model, { data, parts }),
      resumed: resumed[rankOf(peer.view, peer.id)],
      host: {
        tick: (tick) => tell({ type: "tick", tick, totals: peer.meter.totals() }),
        stopRequested: () => stopRequested,
        checkpointEvery,
        checkpoint: (state) => tell({ type: "checkpoint", state }),
      },
    });
  } finally {
    await model.close();
  }
});
