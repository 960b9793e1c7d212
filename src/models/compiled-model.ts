/**
 * The port `Model` over an engine: one compiled step per batch size, metrics summed in f64.
 */
import { assert, ShapeError } from "../base/errors.ts";
import { checkLength, type Layout } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import type { Batch, Dataset } from "../ports/dataset.ts";
import type { Metrics, Model } from "../ports/model.ts";
import { countRight } from "./accuracy.ts";
import { Calls } from "./calls.ts";
import type { Engine, EvaluationStep, GradientStep } from "./engine.ts";
import type { Objective } from "./objective.ts";
import { StepCache } from "./step-cache.ts";

/** Rows that are evaluated at once; what is left over runs as a smaller batch. */
const EVALUATION_ROWS = 256;

export class CompiledModel implements Model {
  readonly #objective: Objective;
  readonly #engine: Engine;
  readonly #gradients: StepCache<GradientStep>;
  readonly #evaluations: StepCache<EvaluationStep>;
  readonly #calls = new Calls(async () => {
    await Promise.all([this.#gradients.close(), this.#evaluations.close()]);
  });

  constructor(objective: Objective, engine: Engine) {
    this.#objective = objective;
    this.#engine = engine;
    this.#gradients = new StepCache((rows) => engine.gradientStep(objective, rows));
    this.#evaluations = new StepCache((rows) => engine.evaluationStep(objective, rows));
  }

  get name(): string {
    return this.#objective.name;
  }

  get layout(): Layout {
    return this.#objective.layout;
  }

  get engine(): string {
    return this.#engine.name;
  }

  /** Compiles for batches of `rows` now rather than at the first call, so that a faulty model fails early. */
  async prepare(rows: number): Promise<void> {
    await this.#gradients.use(rows, () => {});
  }

  init(rng: Random, params: Float32Array): void {
    checkLength(params, this.layout.length, `model ${this.name}: init`);
    this.#objective.init(rng, params);
  }

  async gradient(params: Float32Array, batch: Batch, out: Float32Array): Promise<number> {
    const where = `model ${this.name}: gradient`;
    checkLength(params, this.layout.length, where);
    checkLength(out, this.layout.length, where);
    const { inputs, targets } = this.#rows(batch.inputs, batch.targets, 0, batch.size);
    return this.#calls.run(() => this.#gradients.use(batch.size, (step) => step.run(params, inputs, targets, out)));
  }

  async evaluate(params: Float32Array, data: Dataset): Promise<Metrics> {
    checkLength(params, this.layout.length, `model ${this.name}: evaluate`);
    return this.#calls.run(() => this.#evaluate(params, data));
  }

  close(): Promise<void> {
    return this.#calls.close();
  }

  async #evaluate(params: Float32Array, data: Dataset): Promise<Metrics> {
    let loss = 0;
    let right = 0;
    for (let first = 0; first < data.rows; first += EVALUATION_ROWS) {
      const rows = Math.min(EVALUATION_ROWS, data.rows - first);
      const { inputs, targets } = this.#rows(data.inputs, data.targets, first, rows);
      const result = await this.#evaluations.use(rows, (step) => step.run(params, inputs, targets));
      loss += rows * result.loss;
      if (result.scores !== undefined) right += countRight(result.scores, targets);
    }
    const mean = loss / data.rows;
    return this.#objective.hasScores ? { loss: mean, accuracy: right / data.rows } : { loss: mean };
  }

  /** Rows of inputs and targets. The arrays themselves where they fit, so that engines know them again. */
  #rows(inputs: Float32Array, targets: Int32Array, first: number, rows: number) {
    const { inputSize } = this.#objective.data;
    assert(rows > 0, "a batch has rows");
    if (inputs.length < (first + rows) * inputSize || targets.length < first + rows) {
      throw new ShapeError(`model ${this.name}`, {
        expected: `${rows} rows of ${inputSize} inputs and one target`,
        got: `${inputs.length} inputs and ${targets.length} targets from row ${first}`,
      });
    }
    return {
      inputs:
        inputs.length === rows * inputSize ? inputs : inputs.subarray(first * inputSize, (first + rows) * inputSize),
      targets: targets.length === rows ? targets : targets.subarray(first, first + rows),
    };
  }
}
