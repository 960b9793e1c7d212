/**
 * Rows of a data set as a step takes them.
 */
import { assert, ShapeError } from "../base/errors.ts";
import type { Dataset } from "../ports/dataset.ts";
import type { MomentsStep } from "./engine.ts";
import { momentsOver } from "./moments.ts";
import type { Objective } from "./objective.ts";
import type { StepCache } from "./step-cache.ts";

interface Rows {
  readonly inputs: Float32Array;
  readonly targets: Int32Array;
}

/**
 * `rows` rows from `first` on. The arrays themselves where they fit, so that engines know them again.
 * @throws {ShapeError} if there are fewer
 */
export function rowsOf({ name, data }: Objective, { inputs, targets }: Rows, first: number, rows: number): Rows {
  const { inputSize } = data;
  const end = first + rows;
  assert(rows > 0, "a batch has rows");
  if (inputs.length < end * inputSize || targets.length < end) {
    throw new ShapeError(`model ${name}`, {
      expected: `${rows} rows of ${inputSize} inputs and one target`,
      got: `${inputs.length} inputs and ${targets.length} targets from row ${first}`,
    });
  }
  return {
    inputs: inputs.length === rows * inputSize ? inputs : inputs.subarray(first * inputSize, end * inputSize),
    targets: targets.length === rows ? targets : targets.subarray(first, end),
  };
}

/** Moments at these parameters over rows spread through the data. */
export const momentsAt = (
  params: Float32Array,
  objective: Objective,
  reference: Dataset,
  steps: StepCache<MomentsStep>,
): Promise<readonly Float32Array[]> =>
  momentsOver(reference.rows, objective.rowsAtOnce, (first, rows) => {
    const { inputs, targets } = rowsOf(objective, reference, first, rows);
    return steps.use(rows, (step) => step.run(params, inputs, targets));
  });
