/**
 * Butterfly all-reduce: every member owns a slice, gets it from all others at once, and sends them its mean. Indices mod n:
 *
 *     reduce:  i sends slice j to j, for j = i − 1, i − 2, …; then adds what came of slice i from i + 1, i + 2, …
 *     owner:   mean = sum / number of workers
 *     gather:  i sends slice i to i − 1, i − 2, …, and takes theirs from i + 1, i + 2, …
 *
 * Slice i is summed in ring order from member i on: the same bits as in a ring. A round takes two latencies and
 * 2(n − 1)/n of the vector through each port in n² messages; messages set out in an order in which no port has to wait.
 * Every member hears the note of every other with its slice.
 *
 * With shares, slices are as large as their owners' wires allow: member i sends (1 − w_i) and receives (n − 1) w_i vectors
 * in the reduce, and the reverse in the gather. A member with share 0 owns nothing.
 * @see Ryabinin, Gorbunov, Plokhotnyuk & Pekhimenko 2021, "Moshpit SGD", arXiv:2103.03239 (butterfly all-reduce)
 */
import { ConfigError } from "../base/errors.ts";
import { scheduled } from "./all-reduce-end.ts";
import { type Algorithm, cut, isEmpty, lazily, send, take } from "./all-reduce-schedule.ts";
import type { Pattern } from "./pattern.ts";

export interface ButterflyOptions {
  /** w_i of each member in rank order, at least 0, in any unit: its bandwidth. Equal if left out. */
  readonly shares?: readonly number[];
}

/** @throws {ConfigError} if shares are negative, all 0 or not finite, or, when opened, not as many as members */
export function butterfly({ shares }: ButterflyOptions = {}): Pattern {
  const name = shares === undefined ? "butterfly" : `butterfly(${shares.join("-")})`;
  const before = shares && sumsBefore(shares, name);
  const algorithm: Algorithm = (rank, n, length) => {
    if (shares !== undefined && shares.length !== n) {
      throw new ConfigError(name, { expected: `a share for each of ${n} members`, got: shares.length });
    }
    const slice = (j: number) => cut(j, n, length, before);
    const own = slice(rank);
    const others = othersOf(rank, n);
    return {
      reduce: lazily(function* () {
        for (const j of others) yield send(j, slice(j));
        for (const j of others.toReversed()) yield take(j, own);
      }),
      own,
      gather: lazily(function* () {
        if (!isEmpty(own)) for (const j of others) yield send(j, own);
        for (const j of others.toReversed()) if (!isEmpty(slice(j))) yield take(j, slice(j));
      }),
      parts: 1,
    };
  };
  return scheduled(name, algorithm);
}

/** Σ_{i < c} w_i for c = 0 … n. @throws {ConfigError} */
function sumsBefore(shares: readonly number[], where: string): readonly number[] {
  const sums = [0];
  for (const share of shares) sums.push(sums.at(-1)! + share);
  const total = sums.at(-1)!;
  if (total > 0 && total < Number.POSITIVE_INFINITY && shares.every((share) => share >= 0)) return sums;
  throw new ConfigError(where, { expected: "shares of at least 0, and not all 0", got: shares.join(", ") });
}

/** i − 1, i − 2, …, i + 1 (mod n): in this order no two members send to the same one at once. */
export const othersOf = (rank: number, n: number): number[] =>
  Array.from({ length: n - 1 }, (_, k) => (rank + n - 1 - k) % n);
