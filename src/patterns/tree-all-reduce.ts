/**
 * Tree all-reduce: whole vectors are summed along a binomial tree, and the mean goes back the same way.
 *
 *     reduce, b = 1, 2, 4, …:         i with bit b sends its sum to i − b and is done; the others add what came from i + b
 *     member 0:                       mean = sum / number of workers
 *     broadcast, b = …, 4, 2, 1:      the same backwards
 *
 * A round takes 2 ⌈log₂ n⌉ latencies and as many vectors along the longest way: for small vectors and distant peers.
 * Member 0 alone has heard all notes at the root; the others hear them with the mean, or in its place.
 */
import { scheduled } from "./all-reduce-end.ts";
import { type Algorithm, type Move, mirrored, type Slice, send, take } from "./all-reduce-schedule.ts";
import type { Pattern } from "./pattern.ts";

const binomial: Algorithm = (rank, n, length) => {
  const all: Slice = [0, length];
  const reduce: Move[] = [];
  for (let bit = 1; bit < n; bit *= 2) {
    if ((rank & bit) !== 0) {
      reduce.push(send(rank - bit, all));
      break;
    }
    if (rank + bit < n) reduce.push(take(rank + bit, all));
  }
  return { reduce, own: rank === 0 ? all : [0, 0], gather: mirrored(reduce, true), parts: 1 };
};

export const treeAllReduce: Pattern = scheduled("tree-all-reduce", binomial);
