/**
 * Hostile bytes: random ones, and valid messages that were cut, flipped, spliced, stretched or told to be huge.
 */
import type { Dice } from "./dice.ts";

/** Values at which decoders break: counts, exponents, NaN and infinity, runs of ones. */
const PATTERNS: readonly (readonly number[])[] = [
  [0],
  [0xff],
  [0x7f],
  [0x80],
  [0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0x0f], // the largest varint
  [0x80, 0x80, 0x80, 0x80, 0x80], // a varint without an end
  [0, 0, 0xc0, 0x7f], // NaN
  [0, 0, 0x80, 0x7f], // infinity
  [0, 0, 0x80, 0xff],
  [0xff, 0xff, 0x7f, 0x7f], // the largest f32
  [0, 0, 0, 0x80], // −0
  [1, 0, 0, 0], // the smallest subnormal
];
const MOST_INVENTED = 64;
const LONG = 20_000;
const MOST_CHANGES = 3;
const NEAR = 16;

type Change = (bytes: Uint8Array, dice: Dice, other: () => Uint8Array) => Uint8Array;

const changes: readonly Change[] = [
  flipBit,
  flipBit,
  (bytes, dice) => bytes.slice(0, dice.below(bytes.length + 1)),
  (bytes, dice) => bytes.slice(dice.below(bytes.length + 1)),
  (bytes, dice) => replaced(bytes, somewhere(bytes, dice), dice.bytes(1 + dice.below(4))),
  (bytes, dice) => replaced(bytes, somewhere(bytes, dice), dice.pick(PATTERNS)),
  (bytes, dice) => replaced(bytes, somewhere(bytes, dice), dice.pick(PATTERNS)),
  (bytes, dice) => inserted(bytes, somewhere(bytes, dice), dice.pick(PATTERNS)),
  (bytes, dice) => inserted(bytes, bytes.length, dice.bytes(1 + dice.below(5))),
  (bytes, dice) => removed(bytes, dice.below(bytes.length + 1), 1 + dice.below(8)),
  (bytes, dice, other) => splice(bytes, other(), dice),
  stretched,
];

/** @param valid makes a valid message, another one at each call */
export function hostile(dice: Dice, valid: () => Uint8Array): Uint8Array {
  if (dice.below(10) === 0) return dice.bytes(dice.below(MOST_INVENTED));
  let bytes = valid();
  for (let left = 1 + dice.below(MOST_CHANGES); left > 0; left--) bytes = dice.pick(changes)(bytes, dice, valid);
  return bytes;
}

/** Often near the front or the end, where counts and scales stand. */
function somewhere(bytes: Uint8Array, dice: Dice): number {
  const near = dice.below(Math.min(bytes.length, NEAR) + 1);
  return dice.pick([near, bytes.length - near, dice.below(bytes.length + 1)]);
}

function flipBit(bytes: Uint8Array, dice: Dice): Uint8Array {
  const copy = bytes.slice();
  if (copy.length > 0) copy[dice.below(copy.length)]! ^= 1 << dice.below(8);
  return copy;
}

function replaced(bytes: Uint8Array, at: number, by: ArrayLike<number>): Uint8Array {
  const copy = bytes.slice();
  for (let i = 0; i < by.length && at + i < copy.length; i++) copy[at + i] = by[i]!;
  return copy;
}

const inserted = (bytes: Uint8Array, at: number, what: Iterable<number>): Uint8Array =>
  joined(bytes.subarray(0, at), Uint8Array.from(what), bytes.subarray(at));

const removed = (bytes: Uint8Array, at: number, count: number): Uint8Array =>
  joined(bytes.subarray(0, at), bytes.subarray(at + count));

/** The front of one message and the back of another. */
const splice = (bytes: Uint8Array, other: Uint8Array, dice: Dice): Uint8Array =>
  joined(bytes.subarray(0, dice.below(bytes.length + 1)), other.subarray(dice.below(other.length + 1)));

/** A long tail of one byte, or the whole said many times. */
function stretched(bytes: Uint8Array, dice: Dice): Uint8Array {
  const tail = new Uint8Array(dice.below(LONG)).fill(dice.pick([0, 0xff, dice.below(256)]));
  return joined(bytes, dice.below(2) === 0 ? tail : tail.map((_, i) => bytes[i % Math.max(1, bytes.length)] ?? 0));
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
