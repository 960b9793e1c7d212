/**
 * Byte-pair encoding: the pair of neighbours that is most frequent becomes a symbol of its own, again and again.
 * @see Sennrich, Haddow & Birch 2016, "Neural Machine Translation of Rare Words with Subword Units", arXiv:1508.07909
 */
import type { Symbols } from "./text.ts";

/** Which two symbols a new one stands for; the first new one has the number behind the plain ones. */
export type Merge = readonly [left: number, right: number];

/** Symbols that a vocabulary may have: training counts pairs in a table of the square of it. */
export const VOCABULARY_MAX = 1024;

/**
 * The merges that bring a text to `size` symbols, or to as many as have a pair that occurs twice. Among equally frequent
 * pairs the one with the lower numbers goes first.
 */
export function trainBytePairs({ numbers, count }: Symbols, size: number): Merge[] {
  const merges: Merge[] = [];
  let text: Int32Array = numbers.slice();
  for (let symbol = count; symbol < size; symbol++) {
    const pair = mostFrequentPair(text, symbol);
    if (pair === undefined) break;
    merges.push(pair);
    text = merge(text, pair, symbol);
  }
  return merges;
}

/** The text with every merge applied, in their order. */
export function applyBytePairs({ numbers, count }: Symbols, merges: readonly Merge[]): Symbols {
  const text = merges.reduce<Int32Array>((current, pair, i) => merge(current, pair, count + i), numbers.slice());
  return { numbers: text, count: count + merges.length };
}

/** The plain symbols that merged ones stand for. @param count of plain symbols */
export function spelled(numbers: Int32Array, count: number, merges: readonly Merge[]): number[] {
  const spellings: number[][] = Array.from({ length: count }, (_, symbol) => [symbol]);
  for (const [left, right] of merges) spellings.push([...(spellings[left] ?? []), ...(spellings[right] ?? [])]);
  return [...numbers].flatMap((symbol) => spellings[symbol] ?? []);
}

function mostFrequentPair(text: Int32Array, symbols: number): Merge | undefined {
  const counts = new Int32Array(symbols * symbols);
  let best = -1;
  for (let i = 1; i < text.length; i++) counts[text[i - 1]! * symbols + text[i]!]! += 1;
  for (let pair = 0; pair < counts.length; pair++) {
    if (counts[pair]! > 1 && (best < 0 || counts[pair]! > counts[best]!)) best = pair;
  }
  return best < 0 ? undefined : [Math.floor(best / symbols), best % symbols];
}

/** From left to right, where the text lies. @returns its part that is left */
function merge(text: Int32Array, [left, right]: Merge, symbol: number): Int32Array {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const joins = text[i] === left && text[i + 1] === right;
    text[length++] = joins ? symbol : text[i]!;
    if (joins) i += 1;
  }
  return text.subarray(0, length);
}
