/**
 * The slots of a gossip, and what one of its peers holds.
 */
import type { Channel } from "../channels/channel.ts";
import type { Round } from "../rounds/round.ts";
import type { TopologyChoice } from "../topologies/registry.ts";
import type { Topology } from "../topologies/topology.ts";
import type { Exchange, Note } from "./pattern.ts";

export interface GossipSlots {
  readonly topology: TopologyChoice;
  readonly channel: Channel;
  /** γ in (0, 1], of the topology and the length of the vectors; default 1. */
  readonly stepSize?: (topology: Topology, length: number) => number;
  /**
   * "one" (default): a peer encodes once, for all who hear it. "each": once for each of them, with memories of their own;
   * where graphs change, ends that remember anything need that.
   */
  readonly senders?: "one" | "each";
}

export interface GossipExchange extends Exchange {
  /** m_i; 1 for ever unless averages need push-sum. */
  readonly mass: number;
  /**
   * One round: `out` becomes this peer's mix of its own vector and its neighbours'. With a note, which is returned some
   * rounds after it was told and by all peers in the same round, `out` is as before.
   */
  average(vector: Float32Array | null, out: Float32Array, round: Round, note: Note): Promise<Note>;
}
