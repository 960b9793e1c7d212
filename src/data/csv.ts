/**
 * CSV: a row a line, numbers and one column of labels, separated by commas; fields may be quoted (RFC 4180).
 */
import { ConfigError, DataError } from "../base/errors.ts";
import { suggestion } from "../base/spec.ts";
import type { Dataset } from "../ports/dataset.ts";
import { CsvRecord } from "./csv-record.ts";
import { decimal, textOf } from "./decimal.ts";
import { TextLabels } from "./labels.ts";
import { LIMITS } from "./limits.ts";
import { type Memory, ownMemory } from "./memory.ts";
import { fileChanged, type Pass, type PieceReader, Records, readAtOnce } from "./pieces.ts";

const NEWLINE = 10;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

export interface CsvOptions {
  /** The column of labels: `last`, `first` or its name in the header. */
  readonly label?: string;
  /** `auto`: the first line is a header if no field but the label's is a number. */
  readonly header?: "auto" | "yes" | "no";
  /** Inputs are divided by it. */
  readonly scale?: number;
  /** Where the rows are placed. */
  readonly memory?: Memory;
}

/**
 * @param bytes the file, gzip taken off
 * @param where names the file in errors
 * @throws {DataError} naming the line; {ConfigError} if no column has the label's name
 */
export const parseCsv = (bytes: Uint8Array, where: string, options: CsvOptions = {}): Dataset =>
  readAtOnce(bytes, new CsvReader(where, options));

/** The arrays that rows are written to, and which field is the label. */
interface Table {
  readonly columns: number;
  readonly labelAt: number;
  readonly capacity: number;
  readonly inputs: Float32Array;
  readonly targets: Int32Array;
}

/** As `parseCsv`, of a file in pieces. */
export class CsvReader implements PieceReader {
  readonly first: Pass = { push: (piece) => this.#measure(piece), end: () => {} };
  readonly second: Pass = new Records(
    (bytes, isLast) => this.#read(bytes, isLast),
    () => this.#place(0),
  );
  readonly #where: string;
  readonly #options: CsvOptions;
  readonly #record = new CsvRecord();
  readonly #labels: TextLabels;
  readonly #place = (offset: number): string => `${this.#where}, line ${this.#line + offset}`;
  #bytes = 0;
  #lines = 1;
  /** Of the file, from 1, where the next record starts. */
  #line = 1;
  #isAtStart = true;
  #table: Table | undefined;
  #rows = 0;

  constructor(where: string, options: CsvOptions) {
    this.#where = where;
    this.#options = options;
    this.#labels = new TextLabels(where);
  }

  dataset(): Dataset {
    const where = this.#where;
    if (this.#table === undefined) {
      throw new DataError(where, { expected: "rows of numbers and a label", got: "an empty file" });
    }
    const rows = this.#rows;
    if (rows === 0) throw new DataError(where, { expected: "rows below the header", got: "none" });
    const width = this.#table.columns - 1;
    const targets = this.#table.targets.subarray(0, rows);
    const classes = this.#labels.number(targets);
    return {
      name: where,
      rows,
      inputShape: [width],
      inputs: this.#table.inputs.subarray(0, rows * width),
      targets,
      classes,
    };
  }

  #measure(piece: Uint8Array): void {
    this.#bytes += piece.length;
    for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, at + 1)) this.#lines += 1;
  }

  #read(bytes: Uint8Array, isLast: boolean): number {
    const hasMark = this.#isAtStart && BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte);
    let at = hasMark ? BYTE_ORDER_MARK.length : 0;
    while (at < bytes.length) {
      const next = this.#record.read(bytes, at, isLast, this.#place);
      if (next < 0) return this.#isAtStart ? 0 : at;
      if (!this.#record.isBlank) this.#take(bytes);
      this.#line += this.#record.lines;
      this.#isAtStart = false;
      at = next;
    }
    return at;
  }

  #take(bytes: Uint8Array): void {
    if (this.#table === undefined) {
      const { columns, labelAt, isHeaded } = this.#columns(bytes);
      this.#table = this.#tableOf(columns, labelAt);
      if (isHeaded) return;
    }
    this.#takeRow(bytes, this.#table);
  }

  #takeRow(bytes: Uint8Array, { columns, labelAt, capacity, inputs, targets }: Table): void {
    const record = this.#record;
    if (record.fields !== columns) {
      throw new DataError(this.#place(0), { expected: `${columns} fields`, got: record.fields });
    }
    if (this.#rows === capacity) throw this.#tooMany(columns - 1);
    const { scale = 1 } = this.#options;
    let to = this.#rows * (columns - 1);
    for (let column = 0; column < columns; column++) {
      if (column === labelAt) continue;
      const value = decimal(bytes, record.start(column), record.end(column));
      if (Number.isNaN(value)) throw this.#noNumber(bytes, column);
      inputs[to++] = value / scale;
    }
    const [start, end] = [record.start(labelAt), record.end(labelAt)];
    if (start === end) {
      throw new DataError(`${this.#place(0)}, field ${labelAt + 1}`, { expected: "a label", got: "" });
    }
    targets[this.#rows++] = this.#labels.placeOfBytes(bytes, start, end);
  }

  #tableOf(columns: number, labelAt: number): Table {
    const width = columns - 1;
    const { memory = ownMemory } = this.#options;
    // A row has a line of its own, and every field of it takes at least a digit and a separator.
    const most = Math.min(this.#lines, Math.ceil(this.#bytes / (2 * columns)) + 1);
    const capacity = Math.min(most, Math.floor(LIMITS.entries / width), LIMITS.rows);
    return { columns, labelAt, capacity, inputs: memory.floats(capacity * width), targets: memory.ints(capacity) };
  }

  /** What the first record tells. */
  #columns(bytes: Uint8Array): { columns: number; labelAt: number; isHeaded: boolean } {
    const columns = this.#record.fields;
    if (columns < 2) {
      const hint = "Fields are separated by commas.";
      throw new DataError(this.#place(0), { expected: "a label and at least one number", got: "one field", hint });
    }
    const { label = "last", header = "auto" } = this.#options;
    const isNamed = label !== "last" && label !== "first";
    const last = columns - 1;
    const isHeaded =
      header === "yes" || (header === "auto" && (isNamed || this.#isHeader(bytes, label === "last" ? last : 0)));
    const labelAt = isNamed ? this.#columnOf(bytes, label, isHeaded) : label === "last" ? last : 0;
    return { columns, labelAt, isHeaded };
  }

  #isHeader(bytes: Uint8Array, labelAt: number): boolean {
    for (let field = 0; field < this.#record.fields; field++) {
      const value = decimal(bytes, this.#record.start(field), this.#record.end(field));
      if (field !== labelAt && !Number.isNaN(value)) return false;
    }
    return true;
  }

  #columnOf(bytes: Uint8Array, label: string, isHeaded: boolean): number {
    const record = this.#record;
    const names = Array.from({ length: record.fields }, (_, i) => textOf(bytes, record.start(i), record.end(i)));
    const column = isHeaded ? names.indexOf(label) : -1;
    if (column >= 0) return column;
    const expected = isHeaded
      ? `last, first or a column of ${this.#where}`
      : "last or first, for a file without header";
    throw new ConfigError("csv: label", { expected, got: label, ...suggestion(label, names) });
  }

  #tooMany(width: number): DataError {
    const most = Math.min(Math.floor(LIMITS.entries / width), LIMITS.rows);
    if (this.#rows < most) return fileChanged(this.#where);
    return new DataError(this.#place(0), { expected: `at most ${most} rows`, got: "more" });
  }

  #noNumber(bytes: Uint8Array, field: number): DataError {
    const [start, end] = [this.#record.start(field), this.#record.end(field)];
    const got = textOf(bytes, start, Math.min(end, start + LIMITS.numberLength));
    const where = `${this.#place(0)}, field ${field + 1}`;
    return new DataError(where, {
      expected: "a finite number",
      got,
      ...(start === end && { hint: "Fill missing values before training." }),
    });
  }
}
