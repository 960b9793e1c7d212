/**
 * Ring all-reduce: the vector is cut into n slices, one for each member; each travels around the ring once to be summed
 * and once more to be known. Indices mod n:
 *
 *     reduce-scatter, k = 0 … n − 2:  i sends slice i − k to i + 1, and adds to slice i − k − 1 what came of it from i − 1
 *     owner i of slice i + 1:         mean = sum / number of workers
 *     all-gather, k = 0 … n − 2:      i sends slice i + 1 − k to i + 1, and takes slice i − k from i − 1
 *
 * Slice c is summed in ring order from member c on. Every member sends 2(n − 1)/n of the vector in 2(n − 1) messages, one
 * after the other: no port carries more than the others, but a round takes as many latencies.
 *
 * Before step k member i knows the notes of i − k … i, which holds for k = 0; what it hears in the step is the largest of
 * i − 1 − k … i − 1. So after n − 1 steps every member knows the largest of all.
 * @see Patarasuk & Yuan 2009, "Bandwidth Optimal All-reduce Algorithms for Clusters of Workstations"
 */
import { scheduled } from "./all-reduce-end.ts";
import { type Algorithm, cut, lazily, send, take } from "./all-reduce-schedule.ts";
import type { Pattern } from "./pattern.ts";

const ring: Algorithm = (rank, n, length) => {
  const slice = (c: number) => cut((c + n) % n, n, length); // c is at least −n
  const right = (rank + 1) % n;
  const left = (rank + n - 1) % n;
  const around = (first: number) =>
    lazily(function* () {
      for (let k = 0; k < n - 1; k++) {
        yield send(right, slice(first - k), k);
        yield take(left, slice(first - k - 1), k);
      }
    });
  return { reduce: around(rank), own: slice(rank + 1), gather: around(rank + 1), parts: n - 1 };
};

export const ringAllReduce: Pattern = scheduled("ring-all-reduce", ring);
