/**
 * Random graphs, drawn from a seed of their own: equal specs and sizes give equal graphs.
 */
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { modulo, others, ranks, type Topology, undirected } from "./topology.ts";

/** Draws that may fail, by a loop that cannot close or peers that are cut off, before the size is refused. */
const ATTEMPTS = 1000;

/**
 * Every peer has d neighbours, pairs of free ends being joined at random. |λ| ≈ (1 + 2√(d − 1))/(1 + d), whatever n is.
 * @throws {ConfigError} unless 1 ≤ d < n and n d is even, or if no connected graph is found
 * @see Steger & Wormald 1999, "Generating random regular graphs quickly"
 */
export function randomRegular(n: number, degree: number, seed: number): Topology {
  const name = `random-regular:${degree}${seed === 1 ? "" : `,seed=${seed}`}`;
  if (!(degree < n) || (n * degree) % 2 !== 0) {
    throw new ConfigError(name, { expected: `more than ${degree} peers, and an even number of ends`, got: n });
  }
  return randomUndirected(name, n, seed, (rng) => joinEnds(n, degree, rng));
}

/**
 * A ring in which everyone has k neighbours, k/2 on each side; the far end of each edge moves elsewhere with probability β.
 * @throws {ConfigError} unless k is even and below n
 * @see Watts & Strogatz 1998, "Collective dynamics of small-world networks"
 */
export function smallWorld(n: number, degree: number, beta: number, seed: number): Topology {
  const name = `small-world:${degree},${beta}${seed === 1 ? "" : `,seed=${seed}`}`;
  if (degree % 2 !== 0 || !(degree < n)) {
    throw new ConfigError(name, { expected: `an even degree below the number of peers`, got: `${degree} of ${n}` });
  }
  return randomUndirected(name, n, seed, (rng) => rewire(n, degree, beta, rng));
}

/**
 * Directed: peer i tells i + 1 and d − 1 others at random, with equal weights. Columns of W sum to 1 and rows do not, so
 * that averages need push-sum. @throws {ConfigError} unless 1 ≤ d < n
 */
export function randomOut(n: number, degree: number, seed: number): Topology {
  const name = `random-out:${degree}${seed === 1 ? "" : `,seed=${seed}`}`;
  if (!(degree < n)) throw new ConfigError(name, { expected: `more than ${degree} peers`, got: n });
  const rng = Random.fromSeed(seed);
  const weight = 1 / (1 + degree);
  const tells = ranks(n).map((i) => {
    const next = modulo(i + 1, n);
    const shuffled = [...rng.split(`peer/${i}`).permutation(n)].filter((j) => j !== i && j !== next);
    return others(i, [next, ...shuffled.slice(0, degree - 1)]);
  });
  const hears: number[][] = ranks(n).map(() => []);
  for (const [i, list] of tells.entries()) for (const j of list) hears[j]!.push(i);
  const edges = (lists: readonly (readonly number[])[]) => (i: number) => lists[i]!.map((peer) => ({ peer, weight }));
  return { name, n, period: 1, symmetric: false, doublyStochastic: false, hears: edges(hears), tells: edges(tells) };
}

/** What is left of a graph when edges within the two classes of a colouring (by the parity of the distance from 0) go. */
export function bipartite(graph: Topology, name: string): Topology {
  if (!graph.symmetric || graph.period > 1) {
    throw new ConfigError(name, { expected: "an undirected graph that stays", got: graph.name });
  }
  const near = (i: number) => graph.hears(i).map(({ peer }) => peer);
  const distance = distances(graph.n, near);
  const kept = ranks(graph.n).map((i) => near(i).filter((j) => (distance[i]! + distance[j]!) % 2 === 1));
  return undirected(name, graph.n, (i) => kept[i]!);
}

/** Draws until the graph is connected. */
function randomUndirected(
  name: string,
  n: number,
  seed: number,
  drawn: (rng: Random) => readonly ReadonlySet<number>[] | undefined,
): Topology {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const sets = drawn(Random.fromSeed(seed).split(`attempt/${attempt}`));
    if (sets === undefined) continue;
    const lists = sets.map((set, i) => others(i, set));
    if (distances(n, (i) => lists[i]!).every(Number.isFinite)) return undirected(name, n, (i) => lists[i]!);
  }
  throw new ConfigError(name, { expected: `a connected graph within ${ATTEMPTS} draws`, got: `${n} peers` });
}

/** Joins free ends at random; undefined if those that are left must not be joined. */
function joinEnds(n: number, degree: number, rng: Random): readonly ReadonlySet<number>[] | undefined {
  const near = ranks(n).map(() => new Set<number>());
  const ends = ranks(n * degree).map((end) => end % n);
  const joinable = (i: number, j: number) => i !== j && !near[i]!.has(j);
  let draws = 0;
  while (ends.length > 0) {
    const a = rng.below(draws++, ends.length);
    const b = rng.below(draws++, ends.length);
    const [i, j] = [ends[a]!, ends[b]!];
    if (joinable(i, j)) {
      near[i]!.add(j);
      near[j]!.add(i);
      for (const end of [Math.max(a, b), Math.min(a, b)]) ends.splice(end, 1);
    } else if (draws % 64 === 0 && !ends.some((p) => ends.some((q) => joinable(p, q)))) {
      return undefined;
    }
  }
  return near;
}

function rewire(n: number, degree: number, beta: number, rng: Random): readonly ReadonlySet<number>[] {
  const near = ranks(n).map(() => new Set<number>());
  const steps = ranks(degree / 2).map((k) => k + 1);
  for (const i of ranks(n)) for (const step of steps) join(near, i, modulo(i + step, n));
  let draws = 0;
  for (const step of steps) {
    for (const i of ranks(n)) {
      const far = modulo(i + step, n);
      const moves = rng.uniform(draws++) < beta;
      const free = moves ? ranks(n).filter((j) => j !== i && !near[i]!.has(j)) : [];
      if (free.length === 0) continue;
      near[i]!.delete(far);
      near[far]!.delete(i);
      join(near, i, free[Math.floor(rng.uniform(draws++) * free.length)]!);
    }
  }
  return near;
}

function join(near: readonly Set<number>[], i: number, j: number): void {
  near[i]!.add(j);
  near[j]!.add(i);
}

/** Hops from 0; infinite where there is no path. */
function distances(n: number, near: (i: number) => readonly number[]): readonly number[] {
  const found: number[] = ranks(n).map((i) => (i === 0 ? 0 : Number.POSITIVE_INFINITY));
  const queue = [0];
  for (const i of queue) {
    for (const j of near(i)) {
      if (found[j] !== Number.POSITIVE_INFINITY) continue;
      found[j] = found[i]! + 1;
      queue.push(j);
    }
  }
  return found;
}
