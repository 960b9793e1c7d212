/**
 * The compute worker of one peer: program, channels and model. Entry module of `train.ts`.
 */
import { servePeer } from "../transports/threads/index.ts";
import type { PeerOutcome } from "./host.ts";
import { ShownModels } from "./mean-model.ts";
import { ToldTensors } from "./own-models.ts";
import { trainPeer } from "./program.ts";
import { methodOf, methodWithDials, openJobModel, splitOf, trainingSettings } from "./setting.ts";
import type { MainMessage, WorkerData, WorkerMessage } from "./train.ts";

servePeer<PeerOutcome>(async ({ peer, data: given, control, together }) => {
  const { job, data, parts, checkpointEvery, resumed, begins } = given as WorkerData; // what `train.ts` passed
  const tell = (message: WorkerMessage) => control.post(message);
  const shown = new ShownModels(peer.view.members.length);
  const kept = new ToldTensors();
  let stopRequested = false;
  control.onMessage((message) => {
    const told = message as MainMessage; // our own main thread's message, not a stranger's
    if (told.type === "stop") stopRequested = true;
    else if (told.type === "kept") kept.tell(told.from, told.round, told.tensors);
    else shown.show(told.round, told.from, told.model);
  });
  const model = await openJobModel(job, data, () => {}); // the main thread has shown the warnings
  const split = splitOf(job, model);
  const before = resumed.find((state) => state !== undefined)?.round;
  if (split !== undefined && before !== undefined) {
    const states = resumed.map((state) => state?.learner);
    kept.recall(before, states, split);
  }
  try {
    await together(); // a peer that begins before the others would count their loading as its waiting
    return await trainPeer(peer, {
      job,
      method: methodOf(job),
      ...methodWithDials(job),
      model,
      data,
      roster: peer.view,
      parts,
      settings: trainingSettings(job, model, { data, parts }),
      resumed: resumed[peer.id],
      begins: begins[peer.id]!,
      host: {
        tick: (tick) => tell({ type: "tick", tick }),
        stopRequested: () => stopRequested,
        checkpointEvery,
        checkpoint: (state) => control.give({ type: "checkpoint", state } satisfies WorkerMessage), // saved states are copies
        decided: (decision) => tell({ type: "decided", decision }),
        show(round, own) {
          if (peer.id === peer.view.members[0]) shown.show(round, peer.id, own);
          else tell({ type: "show", round, model: own });
        },
        shown: (round) => shown.take(round),
        keeps(round, tensors) {
          if (peer.id === peer.view.members[0]) kept.tell(peer.id, round, tensors);
          else tell({ type: "keep", round, tensors });
        },
        kept: (round) => kept.by(round),
      },
    });
  } finally {
    await model.close();
  }
});
