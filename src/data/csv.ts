/**
 * CSV: a row a line, numbers and one column of labels, separated by commas; fields may be quoted (RFC 4180).
 */
import { ConfigError, DataError } from "../base/errors.ts";
import { suggestion } from "../base/spec.ts";
import type { Dataset } from "../ports/dataset.ts";
import { decimal, textOf } from "./decimal.ts";
import { classesOf } from "./labels.ts";
import { LIMITS } from "./limits.ts";
import { type Memory, ownMemory } from "./memory.ts";

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;

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

/** One field: the bytes between its separators, quotes and outer blanks taken off. */
interface Field {
  readonly start: number;
  readonly end: number;
}

/**
 * @param bytes the file, gzip taken off
 * @param where names the file in errors
 * @throws {DataError} naming the line; {ConfigError} if no column has the label's name
 */
export function parseCsv(bytes: Uint8Array, where: string, options: CsvOptions = {}): Dataset {
  const { label = "last", header = "auto", scale = 1, memory = ownMemory } = options;
  const records = recordsOf(bytes, where);
  const first = records.next().value;
  if (first === undefined)
    throw new DataError(where, { expected: "rows of numbers and a label", got: "an empty file" });
  const columns = first.fields.length;
  if (columns < 2) {
    const hint = "Fields are separated by commas.";
    throw new DataError(`${where}, line 1`, { expected: "a label and at least one number", got: "one field", hint });
  }
  const named = label !== "last" && label !== "first";
  const headed = header === "yes" || (header === "auto" && (named || looksLikeHeader(bytes, first.fields, label)));
  const labelAt = named ? columnOf(bytes, first.fields, label, headed, where) : label === "last" ? columns - 1 : 0;

  const width = columns - 1;
  // Every field takes at least a digit and a separator, so the file bounds the matrix.
  const capacity = Math.min(
    Math.ceil(bytes.length / (2 * columns)) + 1,
    Math.floor(LIMITS.entries / width),
    LIMITS.rows,
  );
  const inputs = memory.floats(capacity * width);
  const labels: string[] = [];
  const known = new Map<string, string>(); // a text of each label, not one of each row
  const take = ({ fields, line }: CsvRecord): void => {
    if (fields.length !== columns) {
      throw new DataError(`${where}, line ${line}`, { expected: `${columns} fields`, got: fields.length });
    }
    if (labels.length === capacity) {
      throw new DataError(`${where}, line ${line}`, { expected: `at most ${capacity} rows`, got: "more" });
    }
    let at = labels.length * width;
    for (const [column, field] of fields.entries()) {
      if (column === labelAt) continue;
      inputs[at++] = numberIn(bytes, field, `${where}, line ${line}, field ${column + 1}`) / scale;
    }
    const { start, end } = fields[labelAt]!;
    if (start === end) {
      throw new DataError(`${where}, line ${line}, field ${labelAt + 1}`, { expected: "a label", got: "" });
    }
    const text = textOf(bytes, start, end);
    if (!known.has(text)) known.set(text, text);
    labels.push(known.get(text)!);
  };
  if (!headed) take(first);
  for (const record of records) take(record);
  if (labels.length === 0) throw new DataError(where, { expected: "rows below the header", got: "none" });
  return {
    name: where,
    rows: labels.length,
    inputShape: [width],
    inputs: inputs.subarray(0, labels.length * width),
    ...classesOf(labels, where, memory),
  };
}

interface CsvRecord {
  readonly fields: readonly Field[];
  /** Line of the file where the record starts, from 1. */
  readonly line: number;
}

/** The records in order; lines that are blank are none. */
function* recordsOf(bytes: Uint8Array, where: string): Generator<CsvRecord, undefined> {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0; // a byte-order mark
  let line = 1;
  while (at < bytes.length) {
    const fields: Field[] = [];
    const startLine = line;
    let more = true;
    while (more) {
      const field = fieldAt(bytes, at, `${where}, line ${line}`);
      fields.push(field);
      if (fields.length > LIMITS.columns) {
        throw new DataError(`${where}, line ${line}`, { expected: `at most ${LIMITS.columns} fields`, got: "more" });
      }
      line += field.newlines;
      more = bytes[field.next] === COMMA;
      at = field.next + 1;
    }
    line += 1;
    if (fields.length > 1 || fields[0]!.end > fields[0]!.start) yield { fields, line: startLine };
  }
}

/** The field that starts at `at`; `next` is where its comma or newline stands, or the end of the file. */
function fieldAt(bytes: Uint8Array, at: number, where: string): Field & { next: number; newlines: number } {
  let start = at;
  while (isBlank(bytes[start])) start++;
  if (bytes[start] === QUOTE) return quotedField(bytes, start, where);
  let next = start;
  while (next < bytes.length && bytes[next] !== COMMA && bytes[next] !== NEWLINE) next++;
  let end = next;
  while (end > start && isBlank(bytes[end - 1])) end--;
  return { start, end, next, newlines: 0 };
}

function quotedField(bytes: Uint8Array, open: number, where: string): Field & { next: number; newlines: number } {
  let newlines = 0;
  let end = open + 1;
  // A doubled quote is a quote inside the field; it stays doubled in a label, which only has to be distinct.
  while (end < bytes.length && (bytes[end] !== QUOTE || bytes[end + 1] === QUOTE)) {
    if (bytes[end] === NEWLINE) newlines += 1;
    end += bytes[end] === QUOTE ? 2 : 1;
  }
  let next = end + 1;
  while (isBlank(bytes[next])) next++;
  if (end >= bytes.length || (next < bytes.length && bytes[next] !== COMMA && bytes[next] !== NEWLINE)) {
    throw new DataError(where, {
      expected: "a closing quote at the end of the field",
      got: textOf(bytes, open, open + 20),
    });
  }
  return { start: open + 1, end, next, newlines };
}

const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === RETURN || byte === 9;

function looksLikeHeader(bytes: Uint8Array, fields: readonly Field[], label: string): boolean {
  const inputs = label === "last" ? fields.slice(0, -1) : fields.slice(1);
  return inputs.every(({ start, end }) => Number.isNaN(decimal(bytes, start, end)));
}

function columnOf(bytes: Uint8Array, fields: readonly Field[], label: string, headed: boolean, where: string): number {
  const names = fields.map(({ start, end }) => textOf(bytes, start, end));
  const column = headed ? names.indexOf(label) : -1;
  if (column >= 0) return column;
  const expected = headed ? `last, first or a column of ${where}` : "last or first, for a file without header";
  throw new ConfigError("csv: label", { expected, got: label, ...suggestion(label, names) });
}

function numberIn(bytes: Uint8Array, { start, end }: Field, where: string): number {
  const value = decimal(bytes, start, end);
  if (!Number.isNaN(value)) return value;
  const got = textOf(bytes, start, Math.min(end, start + LIMITS.numberLength));
  const hint = start === end ? "Fill missing values before training." : undefined;
  throw new DataError(where, { expected: "a finite number", got, ...(hint === undefined ? {} : { hint }) });
}
