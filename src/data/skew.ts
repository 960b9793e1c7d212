/**
 * How far the labels of the peers lie from the labels of all.
 */
import type { Labelled } from "./partitioner.ts";

export interface Skew {
  /** Mean over peers, weighted by rows, of Σ_c |p_i(c) − p(c)|: 0 for equal mixes, at most 2. */
  readonly l1: number;
  /** Mean over peers, weighted by rows, of 1/Σ_c p_i(c)²: how many classes a peer seems to have. */
  readonly effectiveClasses: number;
  /** Rows of the peer with the fewest and of the one with the most. */
  readonly rowsMin: number;
  readonly rowsMax: number;
}

/** @param parts the rows of each peer, none of them empty */
export function skewOf(data: Labelled, parts: readonly Uint32Array[]): Skew {
  const rows = parts.reduce((sum, part) => sum + part.length, 0);
  const mixes = parts.map((part) => mixOf(data, part));
  const overall = Float64Array.from({ length: data.classes }, (_, label) =>
    mixes.reduce((sum, mix, peer) => sum + (mix[label]! * parts[peer]!.length) / rows, 0),
  );
  const mean = (of: (mix: Float64Array) => number): number =>
    mixes.reduce((sum, mix, peer) => sum + (of(mix) * parts[peer]!.length) / rows, 0);
  return {
    l1: mean((mix) => mix.reduce((sum, share, label) => sum + Math.abs(share - overall[label]!), 0)),
    effectiveClasses: mean((mix) => 1 / mix.reduce((sum, share) => sum + share * share, 0)),
    rowsMin: parts.reduce((least, part) => Math.min(least, part.length), Number.POSITIVE_INFINITY),
    rowsMax: parts.reduce((most, part) => Math.max(most, part.length), 0),
  };
}

function mixOf(data: Labelled, part: Uint32Array): Float64Array {
  const mix = new Float64Array(data.classes);
  for (const row of part) mix[data.targets[row]!]! += 1 / part.length;
  return mix;
}
