/**
 * Schedules of all-reduce: who sends which entries to whom, as plain data; `all-reduce-end.ts` runs them. Ranks and places
 * count from 0.
 */
import type { Bytes } from "../base/units.ts";
import { bytes } from "../base/units.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import { NOTE_BYTES } from "./notes.ts";

/** Entries `start` … `end` − 1 of the vector. */
export type Slice = readonly [start: number, end: number];

/** A message, as one of its ends sees it. */
export interface Move {
  readonly does: "send" | "take";
  /** Rank of the other end. */
  readonly peer: number;
  readonly slice: Slice;
  /** Tells messages of one phase between the same two members apart; 0 … parts − 1. */
  readonly part: number;
  /** In the gather: its receiver may not have heard all notes, and hears them now. */
  readonly late: boolean;
}

/** What one member does, in this order. */
export interface Schedule {
  /** Sums: what is taken is added to the member's own. In the end every slice is whole at one member, which has heard all. */
  readonly reduce: Iterable<Move>;
  /** Which slice is whole here; may be empty. */
  readonly own: Slice;
  /** Copies whole slices until all members have all. */
  readonly gather: Iterable<Move>;
  readonly parts: number;
}

/** @param rank of n members @param length d */
export type Algorithm = (rank: number, n: number, length: number) => Schedule;

export const send = (peer: number, slice: Slice, part = 0): Move => ({ does: "send", peer, slice, part, late: false });
export const take = (peer: number, slice: Slice, part = 0): Move => ({ does: "take", peer, slice, part, late: false });

/** Made anew each time, for schedules that are too long to be kept at every member of a large swarm. */
export const lazily = (moves: () => Generator<Move>): Iterable<Move> => ({ [Symbol.iterator]: moves });

export const isEmpty = ([start, end]: Slice): boolean => start === end;

/** The way back: what was sent is taken, and what was taken is sent, last things first. */
export const mirrored = (moves: readonly Move[], late = false): Move[] =>
  moves
    .toReversed()
    .filter(({ slice }) => late || !isEmpty(slice))
    .map((move) => ({ ...move, does: move.does === "send" ? "take" : "send", late }));

/**
 * Slice c of d entries that are cut for n members: equal ones differ by at most one entry, and some are empty where d < n.
 * @param before Σ_{i < c} w_i for c = 0 … n, where slices are in proportion to shares w_i
 */
export function cut(c: number, n: number, length: number, before?: readonly number[]): Slice {
  const at = (end: number): number => {
    if (end === n) return length;
    return Math.floor(before === undefined ? (length * end) / n : length * (before[end]! / before[n]!));
  };
  return [at(c), at(c + 1)];
}

/** Bytes of frames that all members send in a round. */
export function bytesOfSchedules(algorithm: Algorithm, n: number, length: number): Bytes {
  let total = 0;
  for (let rank = 0; rank < n; rank++) {
    const { reduce, gather } = algorithm(rank, n, length);
    for (const [moves, notes] of [[reduce, true] as const, [gather, false] as const]) {
      for (const { does, slice, late } of moves) {
        if (does === "send") total += FRAME_BYTES + 4 * (slice[1] - slice[0]) + (notes || late ? NOTE_BYTES : 0);
      }
    }
  }
  return bytes(total);
}
