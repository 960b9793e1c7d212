/**
 * Topology: who hears whom in each round, and the mixing matrix W of the graph, as plain immutable data.
 *
 *     x_i ← w_ii x_i + Σ_j w_ij x_j        w_ij: what peer i gives to what it hears from j;  w_ii = 1 − Σ_k w_ki
 *
 * Columns of W sum to 1, so that no message changes Σ x_i. Where rows do too, W is doubly stochastic and every x_i tends to
 * the mean; where they do not, push-sum finds it.
 */
import { ConfigError } from "../base/errors.ts";

/** The other end of an edge, by rank, and the weight of what it carries. */
export interface Edge {
  readonly peer: number;
  readonly weight: number;
}

export interface Topology {
  /** Canonical spec: `ring`, `small-world:4,0.2`. */
  readonly name: string;
  /** Peers, of ranks 0 … n − 1. */
  readonly n: number;
  /** Graphs repeat after so many rounds; 1 where there is one graph. */
  readonly period: number;
  /** W = Wᵀ in every round. */
  readonly symmetric: boolean;
  /** Rows of W sum to 1. */
  readonly doublyStochastic: boolean;
  /** True where the graphs look the same from every peer: what is found for one of them holds for all. */
  readonly transitive?: boolean;
  /** Whom peer i hears: each j ≠ i with w_ij > 0, ascending. @param round default 0 */
  hears(i: number, round?: number): readonly Edge[];
  /** Who hears peer i: each k ≠ i with w_ki > 0, ascending. @param round default 0 */
  tells(i: number, round?: number): readonly Edge[];
}

/** w_ii, what peer i keeps of its own. */
export const selfWeight = (topology: Topology, i: number, round = 0): number =>
  topology.tells(i, round).reduce((rest, { weight }) => rest - weight, 1);

/** Ranks 0 … n − 1. */
export const ranks = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Ascending, each once, without i itself. */
export const others = (i: number, peers: Iterable<number>): number[] =>
  [...new Set(peers)].filter((j) => j !== i).sort((a, b) => a - b);

/** a modulo n, from 0. */
export const modulo = (a: number, n: number): number => ((a % n) + n) % n;

/**
 * An undirected graph with Metropolis-Hastings weights, w_ij = 1/(1 + max(deg_i, deg_j)): symmetric, doubly stochastic,
 * and known to a peer that knows its neighbours' degrees.
 * @param neighbours of each peer, ascending; symmetric, without loops
 * @see Xiao & Boyd 2004, "Fast linear iterations for distributed averaging"
 */
export function undirected(
  name: string,
  n: number,
  neighbours: (i: number) => readonly number[],
  degree: (i: number) => number = (i) => neighbours(i).length,
): Topology {
  const edges = (i: number): Edge[] =>
    neighbours(i).map((peer) => ({ peer, weight: 1 / (1 + Math.max(degree(i), degree(peer))) }));
  return { name, n, period: 1, symmetric: true, doublyStochastic: true, hears: edges, tells: edges };
}

/** A circulant directed graph: in each round peer i tells i + each of the round's offsets, and all weights are equal. */
export function circulant(name: string, n: number, offsets: readonly (readonly number[])[]): Topology {
  const edges = (i: number, round: number, direction: 1 | -1): Edge[] => {
    const now = offsets[round % offsets.length]!;
    return others(
      i,
      now.map((offset) => modulo(i + direction * offset, n)),
    ).map((peer) => ({ peer, weight: 1 / (1 + now.length) }));
  };
  return {
    name,
    n,
    period: offsets.length,
    symmetric: false,
    doublyStochastic: true,
    transitive: true,
    hears: (i, round = 0) => edges(i, round, -1),
    tells: (i, round = 0) => edges(i, round, 1),
  };
}

/**
 * The most rounds that a word of any peer takes to reach all, whichever round it begins in: the diameter of a graph that
 * stays. @throws {ConfigError} if some peer is never reached
 */
export function hopsOf(topology: Topology): number {
  const known = hops.get(topology);
  if (known !== undefined) return known;
  const { n, period, transitive = false } = topology;
  const told = ranks(period).map((phase) => ranks(n).map((i) => topology.tells(i, phase).map(({ peer }) => peer)));
  let most = 0;
  for (const phase of ranks(period)) {
    for (const source of ranks(transitive ? 1 : n)) {
      const far = hopsFrom(source, phase, told);
      if (far === undefined) {
        throw new ConfigError(topology.name, {
          expected: "a graph in which every peer reaches all",
          got: `${n} peers`,
        });
      }
      most = Math.max(most, far);
    }
  }
  hops.set(topology, most);
  return most;
}

/** Those that were counted: every peer of a simulation asks. */
const hops = new WeakMap<Topology, number>();

/** Hops from a peer to the last one; undefined if there is one that it never reaches. @param told by phase and peer */
function hopsFrom(
  source: number,
  phase: number,
  told: readonly (readonly (readonly number[])[])[],
): number | undefined {
  const [period, n] = [told.length, told[0]!.length];
  const reached = new Uint8Array(n).fill(1, source, source + 1);
  const all = [source];
  let from = 0; // those before it have told everyone that they ever will
  for (let hop = 0; hop <= n * period; hop++) {
    const graph = told[(phase + hop) % period]!;
    const until = all.length;
    for (let k = from; k < until && all.length < n; k++) {
      for (const peer of graph[all[k]!]!) {
        if (reached[peer] === 1) continue;
        reached[peer] = 1;
        all.push(peer);
      }
    }
    if (all.length === n) return until === n ? hop : hop + 1;
    if (period === 1) from = until;
  }
  return undefined;
}

/** Messages sent in a round, the mean over a period. */
export function messagesPerRound(topology: Topology): number {
  let messages = 0;
  for (let round = 0; round < topology.period; round++) {
    for (const i of ranks(topology.n)) messages += topology.tells(i, round).length;
  }
  return messages / topology.period;
}

/** The fewest and the most peers that a peer tells in a round. */
export function degrees(topology: Topology): { readonly least: number; readonly most: number } {
  const all = ranks(topology.period).flatMap((round) => ranks(topology.n).map((i) => topology.tells(i, round).length));
  return { least: all.reduce((a, b) => Math.min(a, b)), most: all.reduce((a, b) => Math.max(a, b)) };
}
