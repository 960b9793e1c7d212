/**
 * Rule: the decoded vectors of one round → one vector. What most aggregators are; `gathering.ts` runs them.
 */
import type { Layout } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import type { Settled } from "../channels/channel.ts";

/** What an aggregator's conditions are checked against. */
export interface AggregatorUse {
  readonly workers: number;
  /** How many of them lie. */
  readonly byzantine: number;
  /** Workers hold data of different distributions. */
  readonly skewed: boolean;
}

export interface Rule {
  /** Canonical spec. */
  readonly name: string;
  /** Fewest vectors that it combines once `gone` faulty ones are found out and left out; 1 if left out. */
  least?(gone: number): number;
  /** Most liars among n that leave the result near the honest vectors. */
  tolerates(n: number): number;
  /** The guarantee is for honest vectors of one distribution. */
  readonly assumesAlike?: boolean;
  /** Further conditions, one line each. */
  warnings?(use: AggregatorUse): readonly string[];
  /** @param most vectors in a round */
  open(layout: Layout, most: number): OpenRule;
}

export interface OpenRule {
  /**
   * Writes `out`, in f64 and rounded once where nothing else is said.
   * @param vectors finite, at least one, in rank order; they may be overwritten
   */
  combine(vectors: readonly Float32Array[], out: Float32Array, about: Gathered): void;
  /** What it remembers from round to round. */
  readonly memory?: Settled;
}

/** What else is known of a round. */
export interface Gathered {
  /** Senders whose message held no vector of finite entries: they are some of the faulty ones that a rule allows for. */
  readonly gone: number;
  /** Of this round. */
  readonly rng: Random;
}
