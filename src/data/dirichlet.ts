/**
 * Dirichlet skew: the rows of every class are shared out in proportions ~ Dir(α, …, α) over the peers. Small α gives a few
 * peers nearly all of a class, large α approaches iid; E Σ share² = (α + 1)/(nα + 1) for n peers.
 * @see Hsu, Qi & Brown 2019, arXiv:1909.06335; cut class by class as in Yurochkin et al. 2019, arXiv:1905.12022
 */
import { ConfigError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import { rowsByClass } from "./by-class.ts";
import { dirichlet, logGammas } from "./gamma.ts";
import type { Labelled, Partitioner } from "./partitioner.ts";

/** Draws before the smallest peers are topped up from the largest. */
const ATTEMPTS = 100;
const MIN_ROWS = 10;

export const dirichletSkew: Partitioner = {
  name: "dirichlet",
  summary: "the rows of each class shared out by a Dirichlet draw: the smaller ALPHA, the fewer labels a peer",
  options: ["ALPHA=0.5", `min=${MIN_ROWS}`],
  build(spec) {
    checkArguments(spec, "--partition", 1, ["min"]);
    const alpha = parseNumber(spec.values[0] ?? "0.5", "--partition: dirichlet", { min: 1e-4, max: 1e6 });
    const wanted = spec.options.get("min");
    const min = parseNumber(wanted ?? String(MIN_ROWS), "--partition: min", { integer: true, min: 1 });
    return (data, peers, rng) => {
      const most = Math.floor(data.rows / peers);
      if (wanted !== undefined && min > most) {
        const expected = `at most ${most}, for ${data.rows} rows and ${peers} peers`;
        throw new ConfigError("--partition: min", { expected, got: min });
      }
      return cut(data, peers, alpha, Math.min(min, most), rng);
    };
  },
};

function cut(data: Labelled, peers: number, alpha: number, min: number, rng: Random): Uint32Array[] {
  const groups = rowsByClass(data);
  let edges: Uint32Array[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const logGamma = logGammas(rng.split(`attempt/${attempt}`));
    edges = groups.map((group) => edgesOf(dirichlet(alpha, peers, logGamma), group.length));
    if (smallest(edges, peers) >= min) break;
  }
  const shuffled = groups.map((group, label) => {
    const order = rng.split(`class/${label}`).permutation(group.length);
    return order.map((index) => group[index]!);
  });
  const parts = Array.from({ length: peers }, (_, peer) =>
    shuffled.flatMap((group, label) => [...group.subarray(edges[label]![peer], edges[label]![peer + 1])]),
  );
  topUp(parts, min);
  return parts.map((part) => Uint32Array.from(part));
}

/** Where a class of `count` rows is cut: peer i takes rows edges[i] … edges[i + 1] − 1. */
function edgesOf(shares: Float64Array, count: number): Uint32Array {
  const edges = new Uint32Array(shares.length + 1);
  let sum = 0;
  for (const [peer, share] of shares.entries()) {
    sum += share;
    edges[peer + 1] = Math.min(count, Math.round(sum * count));
  }
  edges[shares.length] = count;
  return edges;
}

function smallest(edges: readonly Uint32Array[], peers: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let peer = 0; peer < peers; peer++) {
    least = Math.min(
      least,
      edges.reduce((size, edge) => size + edge[peer + 1]! - edge[peer]!, 0),
    );
  }
  return least;
}

/** Moves rows from the largest parts until every part has `min`; ties go to the lower peer. */
function topUp(parts: number[][], min: number): void {
  for (const part of parts) {
    while (part.length < min) {
      const largest = parts.reduce((most, other) => (other.length > most.length ? other : most));
      part.push(...largest.splice(-1));
    }
  }
}
