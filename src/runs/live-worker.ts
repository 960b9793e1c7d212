/**
 * The compute worker of one peer of a live swarm: the model, and the program of each stay. Entry module of `live-run.ts`.
 */
import { seconds } from "../base/units.ts";
import type { PeerId } from "../ports/view.ts";
import { serveStays } from "../transports/threads/index.ts";
import type { Beginning, PeerOutcome, Resumed, Tick } from "./host.ts";
import type { Job } from "./job.ts";
import { type LiveSetting, placeOf } from "./live-data.ts";
import type { Decision } from "./pacing/pacing.ts";
import { trainPeer } from "./program.ts";
import type { PeerState, Regrouping, Totals } from "./result.ts";
import { methodOf, methodWithDials, openJobModel, trainingSettings } from "./setting.ts";

/** What the worker is started with. */
export interface LiveWorkerData {
  readonly job: Job;
  readonly setting: Pick<LiveSetting, "data" | "parts" | "shared">;
  readonly checkpointEvery: number;
  readonly checkpointSeconds: number;
}

/** What a stay begins with. */
export interface LiveStayData {
  readonly resumed: Resumed | undefined;
  readonly begins: Beginning;
  /** It came into a run that had begun: where nobody has any state, that run is over. */
  readonly late: boolean;
}

/** What it tells the main thread. */
export type LiveWorkerMessage =
  | { readonly type: "tick"; readonly tick: Tick }
  | { readonly type: "regrouped"; readonly change: Regrouping }
  | { readonly type: "concluded"; readonly totals: Totals }
  | { readonly type: "decided"; readonly decision: Decision }
  | { readonly type: "checkpoint"; readonly state: PeerState };

/** What the main thread tells it: to leave after the round in flight. */
export type LiveMainMessage = { readonly type: "leave" };

serveStays<PeerOutcome>(async (given, control) => {
  const { job, setting, checkpointEvery, checkpointSeconds } = given as LiveWorkerData; // what `live-run.ts` passed
  const { data, parts, shared } = setting;
  const tell = (message: LiveWorkerMessage) => control.post(message);
  let leaving = false;
  control.onMessage(() => {
    leaving = true;
  });
  const place = (id: PeerId) => (shared ? placeOf(job, id) : 0);
  const model = await openJobModel(job, data, () => {}); // the main thread has shown the warnings
  const { weightOf: _, ...common } = trainingSettings(job, model, { data, parts });
  // What each peer's own data weigh is not known to the others: all weigh the same.
  const weights = shared ? { weightOf: (id: PeerId) => parts[place(id)]!.length } : {};
  const keepsake = {};
  return {
    run(peer, begun) {
      const { resumed, begins, late } = begun as LiveStayData; // the same
      return trainPeer(peer, {
        job,
        method: methodOf(job),
        ...methodWithDials(job),
        model,
        data,
        roster: peer.view,
        parts,
        place: peer.view.workers.includes(peer.id) ? place(peer.id) : -1,
        settings: { ...common, ...weights, elastic: true },
        resumed,
        keepsake,
        begins,
        host: {
          alone: true,
          tick: (tick) => tell({ type: "tick", tick }),
          stopRequested: () => false,
          leaves: () => leaving,
          checkpointEvery,
          checkpointSeconds: seconds(checkpointSeconds),
          checkpoint: (state) => tell({ type: "checkpoint", state }),
          show: () => {},
          shown: () => [],
          concluded: (totals) => tell({ type: "concluded", totals }),
          decided: (decision) => tell({ type: "decided", decision }),
          regrouped: (change) => tell({ type: "regrouped", change }),
          ended: () => late && (peer.view.workers.length > 0 || peer.view.members[0] === peer.id),
        },
      });
    },
    close: () => model.close(),
  };
});
