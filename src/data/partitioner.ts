/**
 * Partitioner: who holds which rows.
 */
import type { Random } from "../base/random.ts";
import type { Spec } from "../base/spec.ts";
import type { Dataset } from "../ports/dataset.ts";

/** Labels are all that a partitioner looks at. */
export type Labelled = Pick<Dataset, "rows" | "targets" | "classes">;

/** Cuts the rows 0 … rows − 1 into one list a peer: disjoint, complete, a pure function of its arguments. */
export type Cut = (data: Labelled, peers: number, rng: Random) => Uint32Array[];

export interface Partitioner {
  readonly name: string;
  readonly summary: string;
  /** How its spec is written, and each option with its default. */
  readonly options: readonly string[];
  /** @throws {ConfigError} on arguments it cannot use */
  build(spec: Spec): Cut;
}
