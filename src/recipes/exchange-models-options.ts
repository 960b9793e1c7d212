/**
 * Options of recipes that exchange models over a topology.
 */
import type { Option } from "../base/options.ts";
import { parseNumber } from "../base/spec.ts";
import { readTopology, type TopologyChoice } from "../topologies/registry.ts";

const ring = readTopology("ring", "default");

export const overTopology: Option<TopologyChoice> = {
  meaning: "who hears whom, see list topologies; default ring",
  default: ring,
  parse: (text, where) => (text === ring.name ? ring : readTopology(text, where)),
};

/** γ, by how much a peer moves towards what it hears. */
export const gossipStepSize = (fallback: number): Option<number | "theory"> => ({
  meaning: `γ, how far to move towards the neighbours, above 0 and at most 1, or theory; default ${fallback}`,
  default: fallback,
  parse: (text, where) => (text === "theory" ? text : parseNumber(text, where, { above: 0, max: 1 })),
});
