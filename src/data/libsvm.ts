/**
 * LIBSVM text, a line a row: `label index:value index:value …` with 1-based rising indices; what is not named is 0.
 * @see Chang & Lin 2011, "LIBSVM: a library for support vector machines"
 */
import { DataError } from "../base/errors.ts";
import type { Dataset } from "../ports/dataset.ts";
import { decimal, textOf } from "./decimal.ts";
import { Labels } from "./labels.ts";
import { LIMITS } from "./limits.ts";
import { type Memory, ownMemory } from "./memory.ts";
import { fileChanged, type Pass, type PieceReader, Records, readAtOnce } from "./pieces.ts";

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
export const parseLibsvm = (bytes: Uint8Array, where: string, options: LibsvmOptions = {}): Dataset =>
  readAtOnce(bytes, new LibsvmReader(where, options));

/** What is heard of a row: first its label, then its entries. */
interface Listener {
  label(label: number, line: number): void;
  entry(index: number, value: number, line: number): void;
}

/** As `parseLibsvm`, of a file in pieces. */
export class LibsvmReader implements PieceReader {
  readonly first: Pass;
  readonly second: Pass;
  readonly #where: string;
  readonly #options: LibsvmOptions;
  readonly #labels: Labels<number>;
  #rows = 0;
  #columns: number;
  #inputs: Float32Array = new Float32Array(0);
  #targets: Int32Array = new Int32Array(0);
  #filled = 0;

  constructor(where: string, options: LibsvmOptions) {
    this.#where = where;
    this.#options = options;
    this.#labels = new Labels(where);
    this.#columns = options.features ?? 0;
    const counted = linesOf(
      where,
      { label: (_, line) => this.#count(line), entry: (index, _, line) => this.#widen(index, line) },
      options.warn,
    );
    this.first = {
      push: (piece) => counted.push(piece),
      end: () => {
        counted.end();
        this.#reserve();
      },
    };
    this.second = linesOf(where, {
      label: (label) => this.#begin(label),
      entry: (index, value) => this.#fill(index, value),
    });
  }

  dataset(): Dataset {
    if (this.#filled < this.#rows) throw fileChanged(this.#where);
    const [inputs, targets] = [this.#inputs, this.#targets];
    const classes = this.#labels.number(targets);
    return { name: this.#where, rows: this.#rows, inputShape: [this.#columns], inputs, targets, classes };
  }

  #count(line: number): void {
    if (this.#rows === LIMITS.rows) {
      throw new DataError(`${this.#where}, line ${line}`, { expected: `at most ${LIMITS.rows} rows`, got: "more" });
    }
    this.#rows += 1;
  }

  #widen(index: number, line: number): void {
    if (index <= this.#columns) return;
    if (this.#options.features !== undefined) {
      const expected = `an index of at most ${this.#columns}`;
      throw new DataError(`${this.#where}, line ${line}`, { expected, got: index });
    }
    this.#columns = index;
  }

  #reserve(): void {
    const [where, rows, columns] = [this.#where, this.#rows, this.#columns];
    if (rows === 0) throw new DataError(where, { expected: "rows such as -1 3:1 11:0.5", got: "none" });
    if (columns === 0) throw new DataError(where, { expected: "rows with entries such as 3:1", got: "labels only" });
    if (rows * columns > LIMITS.entries) {
      const hint = "Rows are held dense.";
      throw new DataError(where, { expected: `at most ${LIMITS.entries} entries`, got: rows * columns, hint });
    }
    const { memory = ownMemory } = this.#options;
    this.#inputs = memory.floats(rows * columns);
    this.#targets = memory.ints(rows);
  }

  #begin(label: number): void {
    if (this.#filled === this.#rows) throw fileChanged(this.#where);
    this.#targets[this.#filled++] = this.#labels.placeOf(label);
  }

  #fill(index: number, value: number): void {
    if (index > this.#columns) throw fileChanged(this.#where);
    this.#inputs[(this.#filled - 1) * this.#columns + index - 1] = value;
  }
}

/** A pass over lines. @param warn hears of a last one that was cut off */
function linesOf(where: string, listener: Listener, warn?: LibsvmOptions["warn"]): Records {
  let line = 0;
  const read = (bytes: Uint8Array, isLast: boolean): number => {
    let start = 0;
    for (let stop = bytes.indexOf(NEWLINE); stop >= 0; stop = bytes.indexOf(NEWLINE, start)) {
      readLine(bytes, start, stop, where, ++line, listener);
      start = stop + 1;
    }
    if (!isLast) return start;
    // A single line is no truncated download.
    if (line > 0 && !isLine(bytes, start, bytes.length)) {
      warn?.(`${where}: the last line is cut off and was left out. Is the file whole?`);
    } else readLine(bytes, start, bytes.length, where, ++line, listener);
    return bytes.length;
  };
  return new Records(read, () => `${where}, line ${line + 1}`);
}

function isLine(bytes: Uint8Array, start: number, stop: number): boolean {
  try {
    readLine(bytes, start, stop, "", 0, { label: () => {}, entry: () => {} });
    return true;
  } catch {
    return false;
  }
}

function readLine(
  bytes: Uint8Array,
  start: number,
  stop: number,
  where: string,
  line: number,
  listener: Listener,
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
      listener.label(label, line);
      labelled = true;
    } else {
      const colon = colonIn(bytes, at, to);
      const index = decimal(bytes, at, colon);
      const value = decimal(bytes, colon + 1, to);
      if (colon === to || Number.isNaN(value)) throw complain("index:value with a finite value", at, to);
      if (index === 0) throw complain("an index from 1", at, to, "Indices of this format start at 1, not at 0.");
      if (!Number.isInteger(index) || index < 1 || index > LIMITS.columns) {
        throw complain(`an index from 1 to ${LIMITS.columns}`, at, to);
      }
      if (index <= previous) throw complain(`an index above ${previous}`, at, to, "Indices must rise along a row.");
      listener.entry(index, value, line);
      previous = index;
    }
    at = skipBlanks(bytes, to, stop);
  }
}

function colonIn(bytes: Uint8Array, start: number, stop: number): number {
  let at = start;
  while (at < stop && bytes[at] !== COLON) at++;
  return at;
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
