/**
 * Independent, identically distributed: shuffle, then equal chunks whose sizes differ by at most one.
 */
import { checkArguments } from "../base/spec.ts";
import type { Partitioner } from "./partitioner.ts";

export const iid: Partitioner = {
  name: "iid",
  summary: "rows shuffled and dealt in equal numbers: every peer sees the same mix",
  options: [],
  build(spec) {
    checkArguments(spec, "--partition", 0);
    return (data, peers, rng) => chunks(rng.permutation(data.rows), peers);
  },
};

/** Contiguous chunks of sizes that differ by at most one. */
export function chunks(rows: Uint32Array, count: number): Uint32Array[] {
  const edge = (i: number): number => Math.floor((rows.length * i) / count);
  return Array.from({ length: count }, (_, i) => rows.slice(edge(i), edge(i + 1)));
}
