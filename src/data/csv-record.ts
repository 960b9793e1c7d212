/**
 * One record of a CSV file: where its fields lie, quotes and outer blanks taken off (RFC 4180).
 */
import { DataError } from "../base/errors.ts";
import { textOf } from "./decimal.ts";
import { LIMITS } from "./limits.ts";

const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;

export class CsvRecord {
  /** Start and end of each field. */
  #bounds = new Int32Array(64);
  #count = 0;
  #newlines = 0;

  get fields(): number {
    return this.#count;
  }

  /** Lines of the file that it takes. */
  get lines(): number {
    return 1 + this.#newlines;
  }

  get isBlank(): boolean {
    return this.#count === 1 && this.start(0) === this.end(0);
  }

  start(field: number): number {
    return this.#bounds[2 * field]!;
  }

  end(field: number): number {
    return this.#bounds[2 * field + 1]!;
  }

  /**
   * Reads the record that starts at `from`.
   * @param isLast whether the file ends where the bytes end
   * @param where names a line of the file in errors, counted from that of the record
   * @returns where the next one starts; −1 if the bytes end within this one
   */
  read(bytes: Uint8Array, from: number, isLast: boolean, where: (line: number) => string): number {
    this.#count = 0;
    this.#newlines = 0;
    let next = from;
    for (;;) {
      const at = this.#field(bytes, next, isLast, where);
      if (at < 0 || (at >= bytes.length && !isLast)) return -1;
      if (this.#count > LIMITS.columns) {
        throw new DataError(where(this.#newlines), { expected: `at most ${LIMITS.columns} fields`, got: "more" });
      }
      next = at + 1;
      if (bytes[at] !== COMMA) return Math.min(bytes.length, next);
    }
  }

  /** Notes the field that starts at `at`. @returns where its comma or newline stands, or the end; −1 if it is cut */
  #field(bytes: Uint8Array, at: number, isLast: boolean, where: (line: number) => string): number {
    let start = at;
    while (isBlank(bytes[start])) start++;
    if (bytes[start] === QUOTE) return this.#quoted(bytes, start, isLast, where);
    let next = start;
    while (next < bytes.length && bytes[next] !== COMMA && bytes[next] !== NEWLINE) next++;
    let end = next;
    while (end > start && isBlank(bytes[end - 1])) end--;
    this.#note(start, end);
    return next;
  }

  #quoted(bytes: Uint8Array, open: number, isLast: boolean, where: (line: number) => string): number {
    const line = this.#newlines;
    let end = open + 1;
    // A doubled quote is a quote inside the field; it stays doubled in a label, which only has to be distinct.
    while (end < bytes.length && (bytes[end] !== QUOTE || bytes[end + 1] === QUOTE)) {
      if (bytes[end] === NEWLINE) this.#newlines += 1;
      end += bytes[end] === QUOTE ? 2 : 1;
    }
    let next = end + 1;
    while (isBlank(bytes[next])) next++;
    if (next >= bytes.length && !isLast) return -1;
    if (end >= bytes.length || (next < bytes.length && bytes[next] !== COMMA && bytes[next] !== NEWLINE)) {
      throw new DataError(where(line), {
        expected: "a closing quote at the end of the field",
        got: textOf(bytes, open, Math.min(open + 20, next + 1)),
      });
    }
    this.#note(open + 1, end);
    return next;
  }

  #note(start: number, end: number): void {
    const at = 2 * this.#count++;
    if (at === this.#bounds.length) {
      const larger = new Int32Array(2 * at);
      larger.set(this.#bounds);
      this.#bounds = larger;
    }
    this.#bounds[at] = start;
    this.#bounds[at + 1] = end;
  }
}

const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === RETURN || byte === TAB;
