/**
 * The slots of a parameter server.
 */
import type { Aggregator, EndUse } from "../aggregators/aggregator.ts";
import type { Channel } from "../channels/channel.ts";
import type { PeerId } from "../ports/view.ts";
import type { Sampling } from "../rounds/participation.ts";

export interface ParameterServerSlots {
  /** From each worker to the server. */
  readonly up: Channel;
  /** From the server to all. */
  readonly down: Channel;
  readonly aggregate: Aggregator;
  /** Default: every worker in every round. */
  readonly participation?: Sampling;
  /** One `down` channel to each worker, with randomness of its own, in place of one broadcast; results then differ. */
  readonly downEach?: boolean;
}

/** How a member uses the end through which it hears the server: all hear the same, or each by a wire of its own. */
export const receivedUse = (each: boolean, server: PeerId): EndUse => (each ? { other: server } : { replicated: true });
