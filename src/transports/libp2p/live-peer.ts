/**
 * The peer of a program in this thread: the same as in a compute worker, with a call in place of each message.
 */
import type { Peer } from "../../ports/peer.ts";
import { realTime } from "../threads/clock.ts";
import { WorkerPeer } from "../threads/worker-peer.ts";
import type { Stay } from "./stay.ts";

/** @param seed of the job's randomness, the same at all members */
export function livePeer(stay: Stay, seed: number): Peer {
  const start = { id: stay.id, view: stay.first, seed, began: realTime(), data: undefined };
  const peer = new WorkerPeer(start, (message) => stay.hear(message));
  stay.attach((message) => peer.hear(message));
  return peer;
}
