/**
 * Hypercube of P = 2^⌊log₂ n⌋ members, whose partners stand at distances 1, 2, 4, … of place. The other n − P are guests:
 * each hands its vector to a host beforehand and gets the result from it.
 *
 *     neighbours:  rank 2i + 1 is the guest of rank 2i, for i < n − P
 *     ends:        rank P + i is the guest of rank i
 */
import type { Slice } from "./all-reduce-schedule.ts";

export interface Seat {
  /** P */
  readonly size: number;
  /** 0 … P − 1; undefined for a guest. */
  readonly place: number | undefined;
  readonly host: number | undefined;
  readonly guest: number | undefined;
  rankAt(place: number): number;
}

/** log₂ P */
const dimensionsOf = (n: number): number => 31 - Math.clz32(n);

export function neighbours(rank: number, n: number): Seat {
  const size = 2 ** dimensionsOf(n);
  const guests = n - size;
  const paired = rank < 2 * guests;
  const isGuest = paired && rank % 2 === 1;
  return {
    size,
    place: isGuest ? undefined : paired ? rank / 2 : rank - guests,
    host: isGuest ? rank - 1 : undefined,
    guest: paired && !isGuest ? rank + 1 : undefined,
    rankAt: (place) => (place < guests ? 2 * place : place + guests),
  };
}

export function ends(rank: number, n: number): Seat {
  const size = 2 ** dimensionsOf(n);
  const isGuest = rank >= size;
  return {
    size,
    place: isGuest ? undefined : rank,
    host: isGuest ? rank - size : undefined,
    guest: rank + size < n ? rank + size : undefined,
    rankAt: (place) => place,
  };
}

export interface Halving {
  /** Place. */
  readonly partner: number;
  readonly keeps: Slice;
  readonly gives: Slice;
}

/** Halves the range once for each distance: the place without that bit keeps the lower half, which is never the larger. */
export function halvings(place: number, distances: readonly number[], length: number): Halving[] {
  let [start, end]: Slice = [0, length];
  return distances.map((distance) => {
    const middle = start + Math.floor((end - start) / 2);
    const [low, high]: [Slice, Slice] = [
      [start, middle],
      [middle, end],
    ];
    const [keeps, gives] = (place & distance) === 0 ? [low, high] : [high, low];
    [start, end] = keeps;
    return { partner: place ^ distance, keeps, gives };
  });
}

/** 1, 2, 4, …, P/2 */
export const distancesOf = (size: number): number[] => Array.from({ length: dimensionsOf(size) }, (_, k) => 2 ** k);
