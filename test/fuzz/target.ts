/**
 * Fuzz target: one decoder, how its messages look, and what it must do with any others.
 */
import { Random } from "../../src/base/random.ts";
import type { Dice } from "./dice.ts";

/** The randomness of all messages, so that a saved case needs no more than its bytes. */
export const messageRandom: Random = Random.fromSeed(0);

export interface FuzzTarget {
  /** Such as `codec sign`. */
  readonly name: string;
  /** What one decode may allocate, in bytes. */
  readonly memoryLimit: number;
  /** The lengths to decode at; a reader of files has the one length 0. */
  readonly lengths: readonly number[];
  /** A valid message for a vector of this length. */
  valid(length: number, dice: Dice): Uint8Array;
  /** Decodes, and throws unless what comes out is a value or the right error. True if it was a value. */
  check(bytes: Uint8Array, length: number, rng: Random): boolean | Promise<boolean>;
}

export class Wrong extends Error {}

/** @throws {Wrong} */
export function expect(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Wrong(message);
}

type ErrorClass = abstract new (...args: never) => Error;

/** Undefined where the one error that is allowed came. */
export async function readOr<T>(allowed: ErrorClass, read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof allowed) return undefined;
    throw error;
  }
}
