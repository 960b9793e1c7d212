/**
 * Aggregator: many messages → one vector, at the peer that serves.
 */

import type { Random } from "../base/random.ts";
import type { Receiver } from "../channels/channel.ts";

export interface Aggregator {
  readonly name: string;
  /** @param senders how many messages make a round @param length d */
  open(senders: number, length: number): Aggregation;
}

/** One round at a time: `begin`, then `add` for every sender in rank order, then `finish`. */
export interface Aggregation {
  begin(out: Float32Array): void;
  add(receiver: Receiver, message: Uint8Array, rng: Random, out: Float32Array): void;
  finish(out: Float32Array): void;
}
