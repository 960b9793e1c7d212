/**
 * Labels as files write them → classes 0 … classes − 1.
 */
import { DataError } from "../base/errors.ts";
import { textOf } from "./decimal.ts";
import { LIMITS } from "./limits.ts";

/** While rows are read a label has the place at which it first came; at the end all get their numbers. */
export class Labels<L extends string | number> {
  readonly #where: string;
  readonly #places = new Map<L, number>();

  /** @param where names the file in errors */
  constructor(where: string) {
    this.#where = where;
  }

  /** @throws {DataError} if there are too many labels to be classes */
  placeOf(label: L): number {
    const known = this.#places.get(label);
    if (known !== undefined) return known;
    const place = this.#places.size;
    if (place === LIMITS.classes) {
      const hint = "Is this the column of labels? Only classes can be learnt, not measured values.";
      throw new DataError(this.#where, { expected: `at most ${LIMITS.classes} classes`, got: "more", hint });
    }
    this.#places.set(label, place);
    return place;
  }

  /**
   * Numbers the distinct labels in rising order: −1/+1, 0/1 and 1/2 all become 0/1. Labels that all are numbers rise as
   * numbers, others as text.
   * @param targets places before, classes after
   * @returns how many classes there are
   * @throws {DataError} if there are fewer than two
   */
  number(targets: Int32Array): number {
    const distinct = [...this.#places.keys()];
    if (distinct.length < 2) {
      throw new DataError(this.#where, {
        expected: "at least two different labels",
        got: `${distinct.length} in all rows`,
      });
    }
    const numeric = distinct.every((label) => Number.isFinite(Number(label)));
    distinct.sort(numeric ? (a, b) => Number(a) - Number(b) : (a, b) => (a < b ? -1 : 1));
    const classes = new Int32Array(distinct.length);
    for (const [number, label] of distinct.entries()) classes[this.placeOf(label)] = number;
    for (let row = 0; row < targets.length; row++) targets[row] = classes[targets[row]!]!;
    return distinct.length;
  }
}

/** Labels that are texts. Short ones are known again by their bytes: making a string of each row's takes longer than its numbers do. */
export class TextLabels extends Labels<string> {
  readonly #short = new Map<number, number>();

  placeOfBytes(bytes: Uint8Array, start: number, end: number): number {
    if (end - start > SHORT) return this.placeOf(textOf(bytes, start, end));
    let key = 1; // before the first byte, so that length tells texts apart
    for (let i = start; i < end; i++) key = 256 * key + bytes[i]!;
    const known = this.#short.get(key);
    if (known !== undefined) return known;
    const place = this.placeOf(textOf(bytes, start, end));
    this.#short.set(key, place);
    return place;
  }
}

/** Bytes that a whole number holds exactly, behind a 1. */
const SHORT = 6;
