/**
 * Text for character models: a row is `context` symbols, its target the symbol that follows.
 */
import { DataError } from "../base/errors.ts";
import type { Dataset } from "../ports/dataset.ts";
import { LIMITS } from "./limits.ts";

/**
 * Symbols are the distinct bytes of the text, numbered in rising order; inputs hold those numbers as f32, so a model
 * reads them as indices. Row i is symbols i … i + context − 1.
 * @param bytes the file, gzip taken off
 * @param where names the file in errors
 * @throws {DataError} if the text is too short or has one symbol only
 */
export function parseText(bytes: Uint8Array, where: string, context: number): Dataset {
  const rows = bytes.length - context;
  if (rows < 2) throw new DataError(where, { expected: `a text of more than ${context + 1} bytes`, got: bytes.length });
  if (rows * context > LIMITS.entries) {
    throw new DataError(where, { expected: `at most ${LIMITS.entries} entries`, got: rows * context });
  }
  const symbols = [...new Set(bytes)].sort((a, b) => a - b);
  if (symbols.length < 2) throw new DataError(where, { expected: "at least two different symbols", got: "one" });
  const numberOf = new Int32Array(256);
  for (const [number, symbol] of symbols.entries()) numberOf[symbol] = number;
  const numbers = Float32Array.from(bytes, (symbol) => numberOf[symbol]!);
  const inputs = new Float32Array(rows * context);
  for (let row = 0; row < rows; row++) inputs.set(numbers.subarray(row, row + context), row * context);
  const targets = Int32Array.from(numbers.subarray(context));
  return { name: where, rows, inputShape: [context], inputs, targets, classes: symbols.length };
}
