/**
 * What a topology comes to for a number of peers, in one line.
 */
import { ConfigError } from "../base/errors.ts";
import { readTopology, type TopologyEntry } from "../topologies/registry.ts";
import { spectralGap } from "../topologies/spectrum.ts";
import { degrees, hopsOf, messagesPerRound, type Topology } from "../topologies/topology.ts";

/** Degree, spectral gap, messages a round and hops; or why there is no such topology of that size. */
export function figuresOf({ name }: TopologyEntry, peers: number): string {
  try {
    return `${peers} peers: ${described(readTopology(name, "list").of(peers))}`;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

function described(topology: Topology): string {
  const { least, most } = degrees(topology);
  return [
    `degree ${least === most ? most : `${least} to ${most}`}`,
    topology.doublyStochastic ? `spectral gap ${Number(spectralGap(topology).toPrecision(3))}` : "averages by push-sum",
    `${messagesPerRound(topology)} messages a round`,
    `${hopsOf(topology)} hops`,
  ].join(", ");
}
