/**
 * Recursive halving and doubling (Rabenseifner): partners exchange halves of what they still share and add, then the way
 * back. With P = 2^⌊log₂ n⌋ places p, and members beyond P as guests of their neighbours (`hypercube.ts`):
 *
 *     guests:                         send their vectors to their hosts, who add them
 *     halving, ℓ = P/2, …, 2, 1:      p gives one half of its range to p xor ℓ, and adds to the other what came of it
 *     owner of a range of d/P:        mean = sum / number of workers
 *     doubling, ℓ = 1, 2, …, P/2:     p sends what it has to p xor ℓ, and takes what that one has
 *     hosts:                          send the result to their guests
 *
 * A round takes 2 log₂ P latencies and 2(P − 1)/P of the vector through each port; with guests one vector and one latency
 * more in each direction. Notes go the way of the sums: after k halvings a place knows those of 2^k places and their
 * guests.
 * @see Thakur, Rabenseifner & Gropp 2005, "Optimization of Collective Communication Operations in MPICH"
 */
import { scheduled } from "./all-reduce-end.ts";
import { type Algorithm, mirrored, type Schedule, type Slice, send, take } from "./all-reduce-schedule.ts";
import { distancesOf, halvings, neighbours, type Seat } from "./hypercube.ts";
import type { Pattern } from "./pattern.ts";

/** Also Adasum's, with other seats and the distances in another order. */
export function halving(seat: Seat, distances: readonly number[], length: number): Schedule {
  const all: Slice = [0, length];
  if (seat.place === undefined) {
    const reduce = [send(seat.host!, all)]; // whoever has no place has a host
    return { reduce, own: [0, 0], gather: mirrored(reduce, true), parts: 1 };
  }
  const halves = halvings(seat.place, distances, length);
  const fold = seat.guest === undefined ? [] : [take(seat.guest, all)];
  const scatter = halves.flatMap(({ partner, gives, keeps }) => [
    send(seat.rankAt(partner), gives),
    take(seat.rankAt(partner), keeps),
  ]);
  return {
    reduce: [...fold, ...scatter],
    own: halves.at(-1)?.keeps ?? all,
    gather: [...mirrored(scatter), ...mirrored(fold, true)],
    parts: 1,
  };
}

const nearest: Algorithm = (rank, n, length) => {
  const seat = neighbours(rank, n);
  return halving(seat, distancesOf(seat.size).toReversed(), length);
};

export const halvingDoubling: Pattern = scheduled("halving-doubling", nearest);
