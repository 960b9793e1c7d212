/**
 * Data a model learns from: rows of inputs with one target each, in flat arrays.
 */
export interface Dataset {
  readonly name: string;
  readonly rows: number;
  /** Shape of one row's input; [64] for the digits, [784] or [28, 28] for MNIST. */
  readonly inputShape: readonly number[];
  /** rows × product(inputShape) entries, row by row. May lie in shared memory. */
  readonly inputs: Float32Array;
  /** One target a row: a class 0 … classes − 1, or for two classes the label 0 or 1. */
  readonly targets: Int32Array;
  readonly classes: number;
}

export interface TrainTest {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** Rows picked from a data set; the arrays are reused by the next batch. */
export interface Batch {
  readonly size: number;
  readonly inputs: Float32Array;
  readonly targets: Int32Array;
}
