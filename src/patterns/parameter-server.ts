/**
 * Parameter server: workers send up, the server aggregates, everyone applies the same decoded result, the server too.
 *
 *     worker i:  c_i = up(v_i)                                → server
 *     server:    c = down(answer(aggregate(c_1, …, c_n)))     → every worker
 *     all:       out = decode(c)
 *
 * A note told by anyone undoes the round: the server answers with the note alone.
 *
 * The member of rank 0 serves. If it is a worker too, its own share passes through its own channel and is not sent. The
 * server takes the messages in rank order, so its sum has one order. Two messages per remote worker and round.
 *
 * With `participation`, a round is made by some of the workers. The others hear nothing of it; one that takes part again
 * first gets what it missed (`catch-up.ts`), or the note that ended the run meanwhile.
 * @throws {ConfigError} if `downEach` and participation below 1 meet: what was sent to one brings no other one forward
 */
import { ConfigError } from "../base/errors.ts";
import { bytes } from "../base/units.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import type { PeerId, View } from "../ports/view.ts";
import { expectedWorkers } from "../rounds/participation.ts";
import { NOTE_BYTES } from "./notes.ts";
import type { Pattern } from "./pattern.ts";
import { ServerEnd } from "./server-end.ts";
import type { ParameterServerSlots } from "./server-slots.ts";
import { WorkerEnd } from "./worker-end.ts";

export function parameterServer(slots: ParameterServerSlots): Pattern {
  const { up, down, aggregate, participation } = slots;
  const share = participation?.share ?? 1;
  if (slots.downEach === true && participation !== undefined) {
    throw new ConfigError("participation", { expected: "1 where each worker gets a message of its own", got: share });
  }
  return {
    name: `parameter-server(${up.name}, ${down.name}, ${aggregate.name}${share === 1 ? "" : `, ${share}`})`,
    partial: share < 1,
    open: (peer, layout, settings, memory) =>
      peer.id === serverOf(peer.view)
        ? new ServerEnd(slots, peer, layout, settings, memory)
        : new WorkerEnd(slots, peer, layout, settings, memory),
    uncompressedBytes(view, length) {
      const { workers } = view;
      const remote = workers.filter((id) => id !== serverOf(view)).length;
      const present = participation === undefined ? 1 : expectedWorkers(participation, workers.length) / workers.length;
      return bytes(Math.round(2 * present * remote * (FRAME_BYTES + NOTE_BYTES + 4 * length)));
    },
  };
}

export const serverOf = (view: View): PeerId => view.members[0]!;
