/**
 * Labels as files write them → classes 0 … classes − 1.
 */
import { DataError } from "../base/errors.ts";
import { LIMITS } from "./limits.ts";
import type { Memory } from "./memory.ts";

export interface Classes {
  readonly targets: Int32Array;
  readonly classes: number;
}

/**
 * Numbers the distinct labels in rising order: −1/+1, 0/1 and 1/2 all become 0/1. Labels that all are numbers rise as
 * numbers, others as text.
 * @throws {DataError} if there are fewer than two distinct labels, or too many to be classes
 */
export function classesOf<L extends string | number>(labels: readonly L[], where: string, memory: Memory): Classes {
  const distinct = [...new Set(labels)];
  if (distinct.length < 2) {
    throw new DataError(where, { expected: "at least two different labels", got: `${distinct.length} in all rows` });
  }
  if (distinct.length > LIMITS.classes) {
    const hint = "Is this the column of labels? Only classes can be learnt, not measured values.";
    throw new DataError(where, { expected: `at most ${LIMITS.classes} classes`, got: distinct.length, hint });
  }
  const numeric = distinct.every((label) => Number.isFinite(Number(label)));
  distinct.sort(numeric ? (a, b) => Number(a) - Number(b) : (a, b) => (a < b ? -1 : 1));
  const classOf = new Map(distinct.map((label, index) => [label, index]));
  const targets = memory.ints(labels.length);
  for (const [row, label] of labels.entries()) targets[row] = classOf.get(label) ?? 0;
  return { targets, classes: distinct.length };
}
