/**
 * The topologies by name, and the reader of specs such as `ring` or `random-regular:4`.
 */
import { asValue, checkArguments, lookUp, parseNumber, parseSpec, type Spec } from "../base/spec.ts";
import { exponential, onePeerExponential } from "./exponential.ts";
import { chain, complete, grid, hypercube, ring, star, torus } from "./lattices.ts";
import { randomPairs, shiftOne } from "./pairs.ts";
import { bipartite, randomOut, randomRegular, smallWorld } from "./random-graphs.ts";
import type { Topology } from "./topology.ts";

/** The topology of any number of peers. @throws {ConfigError} if there is none of that size */
export type TopologyOf = (n: number) => Topology;

export interface TopologyEntry {
  readonly name: string;
  readonly summary: string;
  /** arXiv number or citation. */
  readonly paper?: string;
  /** r = ‖W − 1/n‖₂, by which the distance to the mean shrinks each round. */
  readonly law: string;
  readonly options: readonly { readonly name: string; readonly meaning: string }[];
  /** @throws {ConfigError} naming `where` */
  parse(spec: Spec, where: string): TopologyOf;
}

const plain = (name: string, of: TopologyOf, summary: string, law: string, paper?: string): TopologyEntry => ({
  name,
  summary,
  law,
  ...(paper !== undefined && { paper }),
  options: [],
  parse(spec, where) {
    checkArguments(spec, where, 0);
    return of;
  },
});

const lattice = (
  name: string,
  of: (n: number, rows?: number) => Topology,
  summary: string,
  law: string,
): TopologyEntry => ({
  name,
  summary,
  law,
  options: [{ name: "rows", meaning: "a divisor of the number of peers; default the one nearest below its root" }],
  parse(spec, where) {
    checkArguments(spec, where, 1);
    const rows = spec.values[0];
    return rows === undefined ? of : (n) => of(n, parseNumber(rows, where, { integer: true, min: 2 }));
  },
});

const SEED = { name: "seed", meaning: "draws another graph; default 1" };
const seedOf = ({ options }: Spec, where: string): number =>
  parseNumber(options.get("seed") ?? "1", `${where}: seed`, { integer: true, min: 0 });
const degreeOf = ({ values }: Spec, where: string, fallback: string, min = 1): number =>
  parseNumber(values[0] ?? fallback, `${where}: degree`, { integer: true, min });

const entries: readonly TopologyEntry[] = [
  plain("complete", complete, "everyone hears everyone", "r = 0: one round is an exact average"),
  plain("ring", ring, "each hears its two neighbours", "r = (1 + 2 cos(2π/n))/3 for n ≥ 4"),
  plain("chain", chain, "a ring with a gap", "r = (1 + 2 cos(π/n))/3"),
  plain("star", star, "all hear rank 0, which hears all", "r = 1 − 1/n"),
  lattice("torus", torus, "rows and columns, each a ring", "r = (3 + 2 cos(2π/max(rows, columns)))/5 from 3 × 3 on"),
  lattice("grid", grid, "rows and columns, each a line", "r < 1"),
  plain("hypercube", hypercube, "ranks that differ in one bit; 2^k peers", "r = 1 − 2/(1 + log₂ n)"),
  plain(
    "exponential",
    exponential,
    "i tells i + 1, i + 2, i + 4, …; directed",
    "r = 1 − 2/(1 + ⌈log₂ n⌉) for even n, less for odd n",
    "arXiv:2110.13363",
  ),
  plain(
    "one-peer-exponential",
    onePeerExponential,
    "i tells i + 2^(round mod ⌈log₂ n⌉) alone; directed, another graph each round",
    "exact after ⌈log₂ n⌉ rounds if n is a power of two",
    "arXiv:2110.13363",
  ),
  plain(
    "shift-one",
    shiftOne,
    "pairs across two halves, one half shifted by one each round; an even number of peers",
    "every peer meets each of the other half once in n/2 rounds",
    "arXiv:2107.01499",
  ),
  {
    name: "random-pairs",
    summary: "peers in pairs, drawn anew each round",
    paper: "arXiv:2107.01499",
    law: "r < 1 over the 32 rounds after which pairs repeat",
    options: [SEED],
    parse(spec, where) {
      checkArguments(spec, where, 0, ["seed"]);
      const seed = seedOf(spec, where);
      return (n) => randomPairs(n, seed);
    },
  },
  {
    name: "random-regular",
    summary: "everyone has the same number of neighbours, drawn at random",
    law: "r ≈ (1 + 2√(d − 1))/(1 + d), whatever n is",
    options: [{ name: "degree", meaning: "d, default 4" }, SEED],
    parse(spec, where) {
      checkArguments(spec, where, 1, ["seed"]);
      const [degree, seed] = [degreeOf(spec, where, "4"), seedOf(spec, where)];
      return (n) => randomRegular(n, degree, seed);
    },
  },
  {
    name: "small-world",
    summary: "a ring of some width, in which a share of the edges lead elsewhere",
    paper: "Watts & Strogatz 1998",
    law: "r < 1",
    options: [
      { name: "degree", meaning: "even, default 4" },
      { name: "share", meaning: "of edges that lead elsewhere, default 0.2" },
      SEED,
    ],
    parse(spec, where) {
      checkArguments(spec, where, 2, ["seed"]);
      const [degree, seed] = [degreeOf(spec, where, "4", 2), seedOf(spec, where)];
      const beta = parseNumber(spec.values[1] ?? "0.2", `${where}: share`, { min: 0, max: 1 });
      return (n) => smallWorld(n, degree, beta, seed);
    },
  },
  {
    name: "random-out",
    summary: "each tells the next and some others at random; directed, averages by push-sum",
    paper: "arXiv:1811.10792",
    law: "columns of W sum to 1, rows do not",
    options: [{ name: "degree", meaning: "peers that each tells, default 2" }, SEED],
    parse(spec, where) {
      checkArguments(spec, where, 1, ["seed"]);
      const [degree, seed] = [degreeOf(spec, where, "2"), seedOf(spec, where)];
      return (n) => randomOut(n, degree, seed);
    },
  },
  {
    name: "bipartite",
    summary: "what is left of a graph when no two peers of one colour hear each other",
    law: "r < 1",
    options: [{ name: "topology", meaning: "an undirected one, default random-regular" }],
    parse(spec, where) {
      checkArguments(spec, where, 1);
      const inner = readTopology(spec.values[0] ?? "random-regular", where);
      return (n) => bipartite(inner.of(n), `bipartite:${asValue(inner.name)}`);
    },
  },
];

export const topologies: ReadonlyMap<string, TopologyEntry> = new Map(entries.map((entry) => [entry.name, entry]));

/** A topology whose size is not chosen yet. */
export interface TopologyChoice {
  /** Spec. */
  readonly name: string;
  readonly of: TopologyOf;
  /** The same. */
  toString(): string;
}

/** @param text such as `small-world:6,0.1` @throws {ConfigError} naming `where`, with the nearest known name */
export function readTopology(text: string, where: string): TopologyChoice {
  const spec = parseSpec(text, where);
  const of = lookUp(topologies, spec.name, where, "a topology").parse(spec, where);
  let last: Topology | undefined; // every peer of a simulation asks for the same one
  return {
    name: text,
    of(n) {
      if (last?.n !== n) last = of(n);
      return last;
    },
    toString: () => text,
  };
}

/** @throws {ConfigError} naming `where`, or if there is no such topology of n peers */
export const parseTopology = (text: string, n: number, where: string): Topology => readTopology(text, where).of(n);
