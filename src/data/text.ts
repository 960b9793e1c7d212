/**
 * Text as rows of symbols: a row is `context` symbols, its target the symbol that follows.
 */
import { DataError } from "../base/errors.ts";
import type { Dataset } from "../ports/dataset.ts";
import { LIMITS } from "./limits.ts";
import { type Memory, ownMemory } from "./memory.ts";

/** A text by the numbers of its symbols. */
export interface Symbols {
  readonly numbers: Int32Array;
  /** How many different symbols there are. */
  readonly count: number;
}

/**
 * The distinct bytes of a text, numbered in rising order.
 * @param where names the file in errors
 * @throws {DataError} if it has one symbol only
 */
export function byteSymbols(bytes: Uint8Array, where: string): Symbols {
  const symbols = [...new Set(bytes)].sort((a, b) => a - b);
  if (symbols.length < 2) throw new DataError(where, { expected: "at least two different symbols", got: "one" });
  const numberOf = new Int32Array(256);
  for (const [number, symbol] of symbols.entries()) numberOf[symbol] = number;
  const numbers = new Int32Array(bytes.length); // a loop: `from` with a function takes ten times as long
  for (let i = 0; i < bytes.length; i++) numbers[i] = numberOf[bytes[i]!]!;
  return { numbers, count: symbols.length };
}

/**
 * Rows that begin every `stride` symbols: symbols i … i + context − 1, as f32, so that a model reads them as indices.
 * @throws {DataError} if the text is too short, or the rows take too much memory
 */
export function windowsOf(
  { numbers, count }: Symbols,
  where: string,
  context: number,
  stride = 1,
  memory: Memory = ownMemory,
): Dataset {
  const rows = Math.floor((numbers.length - context - 1) / stride) + 1;
  if (rows < 2) {
    throw new DataError(where, {
      expected: `a text of more than ${context + stride} symbols`,
      got: numbers.length,
    });
  }
  if (rows * context > LIMITS.entries) {
    const hint = "stride=… begins fewer rows.";
    throw new DataError(where, { expected: `at most ${LIMITS.entries} entries`, got: rows * context, hint });
  }
  const inputs = memory.floats(rows * context);
  const targets = memory.ints(rows);
  for (let row = 0; row < rows; row++) {
    const first = row * stride;
    inputs.set(numbers.subarray(first, first + context), row * context);
    targets[row] = numbers[first + context]!;
  }
  return { name: where, rows, inputShape: [context], inputs, targets, classes: count };
}

/** The windows of a text over its bytes. */
export const parseText = (bytes: Uint8Array, where: string, context: number): Dataset =>
  windowsOf(byteSymbols(bytes, where), where, context);
