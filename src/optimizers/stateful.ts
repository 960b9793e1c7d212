/**
 * A stepper from its vectors and its rule: it counts the steps, and saves and restores vectors and count.
 */
import { CheckpointError } from "../base/errors.ts";
import { type NamedVectors, restoreInto, scalarsToVector, vectorToScalars } from "../base/state.ts";
import type { Real, Stepper, StepReport } from "./optimizer.ts";

export type Rule = (
  params: Real,
  gradient: Real,
  learningRate: number,
  /** t = 1, 2, …: this is step number t. */
  t: number,
  loss?: (at: Real) => number,
  // biome-ignore lint/suspicious/noConfusingVoidType: a step that has nothing to tell returns nothing
) => StepReport | void;

/**
 * @param where names the optimizer in errors
 * @param vectors its state by name
 * @param scalars more state, in f64
 */
export function stateful(
  where: string,
  vectors: Readonly<Record<string, Real>>,
  rule: Rule,
  scalars: Float64Array = new Float64Array(0),
): Stepper {
  let steps = 0;
  return {
    step: (params, gradient, learningRate, loss) => rule(params, gradient, learningRate, ++steps, loss),
    save: () => new Map([...saved(vectors), ["scalars", scalarsToVector([steps, ...scalars])]]),
    restore(from) {
      const numbers = scalarsToVector([steps, ...scalars]);
      const [count = 0, ...rest] = vectorToScalars((from.get("scalars") ?? numbers).slice(0, numbers.length));
      if (!Number.isSafeInteger(count) || count < 0) {
        throw new CheckpointError(where, { expected: "a count of steps", got: count });
      }
      restoreVectors(vectors, from, where, new Map([["scalars", numbers]]));
      steps = count;
      scalars.set(rest);
    },
  };
}

/** A stepper whose rule does not depend on the count of steps, which it then need not keep. */
export const uncounted = (where: string, vectors: Readonly<Record<string, Real>>, step: Stepper["step"]): Stepper => ({
  step,
  save: () => saved(vectors),
  restore: (from) => restoreVectors(vectors, from, where),
});

/** f64 entries are saved exactly, each in four entries. */
const toSaved = (vector: Real): Float32Array =>
  vector instanceof Float32Array
    ? Float32Array.from(vector)
    : Float32Array.from(new Uint16Array(vector.slice().buffer));

const saved = (vectors: Readonly<Record<string, Real>>): NamedVectors =>
  new Map(Object.entries(vectors).map(([name, vector]) => [name, toSaved(vector)]));

/** @param others vectors that are restored as they are @throws {CheckpointError} */
function restoreVectors(
  vectors: Readonly<Record<string, Real>>,
  from: NamedVectors,
  where: string,
  others: NamedVectors = new Map(),
): void {
  const singles = Object.entries(vectors).map(
    ([name, vector]) => [name, vector instanceof Float32Array ? vector : toSaved(vector)] as const,
  );
  restoreInto(new Map([...singles, ...others]), from, where);
  for (const [name, single] of singles) {
    const vector = vectors[name]!;
    if (vector !== single) vector.set(vectorToScalars(single));
  }
}
