/**
 * The partitioners by name, and the one way to use them.
 */
import { ConfigError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { lookUp, parseSpec } from "../base/spec.ts";
import { dirichletSkew } from "./dirichlet.ts";
import { iid } from "./iid.ts";
import type { Labelled, Partitioner } from "./partitioner.ts";
import { shards } from "./shards.ts";

export const partitioners: ReadonlyMap<string, Partitioner> = new Map(
  [iid, shards, dirichletSkew].map((partitioner) => [partitioner.name, partitioner]),
);

/**
 * The rows of each peer, in rising order: every row with exactly one peer, and at least one row a peer.
 * @param spec `iid`, `shards:2` or `dirichlet:0.3`
 * @throws {ConfigError} on a bad spec, or more peers than rows
 */
export function partition(spec: string, data: Labelled, peers: number, rng: Random): Uint32Array[] {
  const parsed = parseSpec(spec, "--partition");
  const cut = lookUp(partitioners, parsed.name, "--partition", "a partitioner").build(parsed);
  if (!Number.isInteger(peers) || peers < 1 || peers > data.rows) {
    const expected = `1 to ${data.rows} peers, a row for each at least`;
    throw new ConfigError("--peers", { expected, got: peers });
  }
  return cut(data, peers, rng).map((part) => part.sort());
}
