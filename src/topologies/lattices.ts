/**
 * Graphs in a line, around a centre and on lattices. |λ| stands for the second largest |eigenvalue| of W.
 */
import { ConfigError } from "../base/errors.ts";
import { modulo, others, ranks, type Topology, undirected } from "./topology.ts";

/** Everyone hears everyone: W = 1/n, so that one round is an exact average. */
export const complete = (n: number): Topology =>
  undirected(
    "complete",
    n,
    (i) => others(i, ranks(n)),
    () => n - 1,
  );

/** Peer i hears i ± 1 (mod n). |λ| = (1 + 2 cos(2π/n))/3 for n ≥ 4: the gap is Θ(1/n²), consensus slows with n². */
export const ring = (n: number): Topology =>
  undirected("ring", n, (i) => others(i, [modulo(i - 1, n), modulo(i + 1, n)]));

/** Peers in a line. |λ| = (1 + 2 cos(π/n))/3. */
export const chain = (n: number): Topology =>
  undirected("chain", n, (i) => [i - 1, i + 1].filter((j) => j >= 0 && j < n));

/** Rank 0 in the middle. |λ| = 1 − 1/n: gossip is no match for a server that averages exactly. */
export const star = (n: number): Topology =>
  undirected(
    "star",
    n,
    (i) => (i === 0 ? ranks(n).slice(1) : [0]),
    (i) => (i === 0 ? n - 1 : 1),
  );

/**
 * Rows and columns, each a ring. |λ| = (3 + 2 cos(2π/max(r, c)))/5 for r, c ≥ 3.
 * @param rows r, a divisor of n; the one nearest below √n if left out @throws {ConfigError} if n is not r c with r, c ≥ 2
 */
export function torus(n: number, rows?: number): Topology {
  const r = rowsOf("torus", n, rows);
  const c = n / r;
  return undirected(specOf("torus", rows), n, (i) => {
    const [row, column] = [Math.floor(i / c), i % c];
    const at = (y: number, x: number) => modulo(y, r) * c + modulo(x, c);
    return others(i, [at(row - 1, column), at(row + 1, column), at(row, column - 1), at(row, column + 1)]);
  });
}

/** Rows and columns, each a line. @param rows as for `torus` @throws {ConfigError} */
export function grid(n: number, rows?: number): Topology {
  const r = rowsOf("grid", n, rows);
  const c = n / r;
  return undirected(specOf("grid", rows), n, (i) => {
    const beside = [...(i % c > 0 ? [i - 1] : []), ...(i % c < c - 1 ? [i + 1] : [])];
    return [i - c, ...beside, i + c].filter((j) => j >= 0 && j < n);
  });
}

/** Ranks that differ in one bit. |λ| = 1 − 2/(1 + log₂ n). @throws {ConfigError} if n is not a power of two */
export function hypercube(n: number): Topology {
  const bits = Math.log2(n);
  if (!Number.isInteger(bits)) throw new ConfigError("hypercube", { expected: "a power of two peers", got: n });
  return undirected("hypercube", n, (i) =>
    others(
      i,
      ranks(bits).map((bit) => i ^ (1 << bit)),
    ),
  );
}

const specOf = (name: string, rows: number | undefined): string => (rows === undefined ? name : `${name}:${rows}`);

function rowsOf(name: string, n: number, rows: number | undefined): number {
  const r = rows ?? ranks(Math.floor(Math.sqrt(n)) + 1).findLast((d) => d > 0 && n % d === 0) ?? 1;
  if (r >= 2 && n % r === 0 && n / r >= 2) return r;
  throw new ConfigError(specOf(name, rows), { expected: "r · c peers, with r and c at least 2", got: n });
}
