/**
 * LIBSVM text, a line a row: `label index:value index:value …` with 1-based rising indices; what is not named is 0.
 * @see Chang & Lin 2011, "LIBSVM: a library for support vector machines"
 */
import { DataError } from "../base/errors.ts";
import type { Dataset } from "../ports/dataset.ts";
import { decimal, textOf } from "./decimal.ts";
import { classesOf } from "./labels.ts";
import { LIMITS } from "./limits.ts";
import { type Memory, ownMemory } from "./memory.ts";

const NEWLINE = 10;
const SPACE = 32;
const HASH = 35;
const COLON = 58;

export interface LibsvmOptions {
  /** Columns of the result; without it, the largest index of the file. */
  readonly features?: number;
  /** Hears of a last line that was left out. */
  readonly warn?: (note: string) => void;
  /** Where the rows are placed. */
  readonly memory?: Memory;
}

/**
 * Reads the rows into a dense f32 matrix; labels become classes in rising order. Blank lines and comments behind `#` are
 * skipped. A last line without its newline that does not parse was cut off in a download: it is left out, with a warning.
 * @param bytes the file, gzip taken off
 * @param where names the file in errors
 * @throws {DataError} naming the line
 */
export function parseLibsvm(bytes: Uint8Array, where: string, options: LibsvmOptions = {}): Dataset {
  const { memory = ownMemory } = options;
  const end = wholeLines(bytes, where, options.warn);
  const labels: number[] = [];
  let columns = options.features ?? 0;
  // Twice over the text: counting first costs time once, growing a matrix would cost memory throughout.
  eachRow(
    bytes,
    end,
    where,
    (label, line) => {
      if (labels.length === LIMITS.rows) {
        throw new DataError(`${where}, line ${line}`, { expected: `at most ${LIMITS.rows} rows`, got: "more" });
      }
      labels.push(label);
    },
    (index, line) => {
      if (index <= columns) return;
      if (options.features !== undefined) {
        throw new DataError(`${where}, line ${line}`, { expected: `an index of at most ${columns}`, got: index });
      }
      columns = index;
    },
  );
  if (labels.length === 0) throw new DataError(where, { expected: "rows such as -1 3:1 11:0.5", got: "none" });
  if (columns === 0) throw new DataError(where, { expected: "rows with entries such as 3:1", got: "labels only" });
  if (labels.length * columns > LIMITS.entries) {
    const hint = "Rows are held dense.";
    throw new DataError(where, { expected: `at most ${LIMITS.entries} entries`, got: labels.length * columns, hint });
  }
  const inputs = memory.floats(labels.length * columns);
  let row = -1;
  eachRow(
    bytes,
    end,
    where,
    () => row++,
    (index, _line, value) => {
      inputs[row * columns + index - 1] = value;
    },
  );
  return { name: where, rows: labels.length, inputShape: [columns], inputs, ...classesOf(labels, where, memory) };
}

type OnLabel = (label: number, line: number) => void;
type OnEntry = (index: number, line: number, value: number) => void;

function eachRow(bytes: Uint8Array, end: number, where: string, onLabel: OnLabel, onEntry: OnEntry): void {
  let line = 0;
  for (let start = 0; start < end; ) {
    const stop = lineEnd(bytes, start, end);
    readLine(bytes, start, stop, where, ++line, onLabel, onEntry);
    start = stop + 1;
  }
}

function readLine(
  bytes: Uint8Array,
  start: number,
  stop: number,
  where: string,
  line: number,
  onLabel: OnLabel,
  onEntry: OnEntry,
): void {
  const complain = (expected: string, from: number, to: number, hint?: string): DataError => {
    const got = textOf(bytes, from, Math.min(to, from + LIMITS.numberLength));
    return new DataError(`${where}, line ${line}`, hint === undefined ? { expected, got } : { expected, got, hint });
  };
  let previous = 0;
  let labelled = false;
  for (let at = skipBlanks(bytes, start, stop); at < stop && bytes[at] !== HASH; ) {
    const to = tokenEnd(bytes, at, stop);
    if (!labelled) {
      const label = decimal(bytes, at, to);
      if (!Number.isInteger(label)) throw complain("a class label, a whole number", at, to);
      onLabel(label, line);
      labelled = true;
    } else {
      const colon = bytes.subarray(at, to).indexOf(COLON) + at;
      const index = decimal(bytes, at, Math.max(at, colon));
      const value = decimal(bytes, colon + 1, to);
      if (colon < at || Number.isNaN(value)) throw complain("index:value with a finite value", at, to);
      if (index === 0) throw complain("an index from 1", at, to, "Indices of this format start at 1, not at 0.");
      if (!Number.isInteger(index) || index < 1 || index > LIMITS.columns) {
        throw complain(`an index from 1 to ${LIMITS.columns}`, at, to);
      }
      if (index <= previous) throw complain(`an index above ${previous}`, at, to, "Indices must rise along a row.");
      onEntry(index, line, value);
      previous = index;
    }
    at = skipBlanks(bytes, to, stop);
  }
}

/** Where the lines that are to be read end: before a last line that has no newline and does not parse. */
function wholeLines(bytes: Uint8Array, where: string, warn: LibsvmOptions["warn"]): number {
  const lastStart = bytes.lastIndexOf(NEWLINE) + 1;
  if (lastStart === 0) return bytes.length; // a single line is no truncated download
  try {
    readLine(
      bytes,
      lastStart,
      bytes.length,
      where,
      0,
      () => {},
      () => {},
    );
    return bytes.length;
  } catch {
    warn?.(`${where}: the last line is cut off and was left out. Is the file whole?`);
    return lastStart;
  }
}

function lineEnd(bytes: Uint8Array, start: number, end: number): number {
  const found = bytes.indexOf(NEWLINE, start);
  return found < 0 || found > end ? end : found;
}

/** Blanks are the space and what sorts below it: tab and carriage return. */
function skipBlanks(bytes: Uint8Array, start: number, stop: number): number {
  let at = start;
  while (at < stop && bytes[at]! <= SPACE) at++;
  return at;
}

function tokenEnd(bytes: Uint8Array, start: number, stop: number): number {
  let at = start;
  while (at < stop && bytes[at]! > SPACE) at++;
  return at;
}
