/**
 * The port `Model` over an engine: one compiled step per batch size, metrics summed in f64.
 */
import { assert } from "../base/errors.ts";
import { checkLength, type Layout } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { kernels } from "../kernels/index.ts";
import type { Batch, Dataset } from "../ports/dataset.ts";
import type { Metrics, Model, Role } from "../ports/model.ts";
import { countRight } from "./accuracy.ts";
import { Calls } from "./calls.ts";
import type { Engine, EvaluationStep, GradientStep, MomentsStep } from "./engine.ts";
import type { Objective } from "./objective.ts";
import { momentsAt, rowsOf } from "./rows.ts";
import { StepCache } from "./step-cache.ts";

export class CompiledModel implements Model {
  readonly #objective: Objective;
  readonly #engine: Engine;
  /** Of each of the objectives that gradients are taken of. */
  readonly #gradients: readonly { readonly of: Objective; readonly steps: StepCache<GradientStep> }[];
  readonly #evaluations: StepCache<EvaluationStep>;
  readonly #moments: StepCache<MomentsStep>;
  readonly #calls = new Calls(async () => {
    const gradients = this.#gradients.map(({ steps }) => steps.close());
    await Promise.all([...gradients, this.#evaluations.close(), this.#moments.close()]);
  });

  constructor(objective: Objective, engine: Engine) {
    this.#objective = objective;
    this.#engine = engine;
    const { alternatives } = objective;
    this.#gradients = (alternatives.length === 0 ? [objective] : alternatives).map((of) => ({
      of,
      steps: new StepCache((rows) => engine.gradientStep(of, rows)),
    }));
    this.#evaluations = new StepCache((rows) => engine.evaluationStep(objective, rows));
    this.#moments = new StepCache((rows) => engine.momentsStep(objective, rows));
  }

  get name(): string {
    return this.#objective.name;
  }

  get layout(): Layout {
    return this.#objective.layout;
  }

  get roles(): readonly Role[] {
    return this.#objective.roles;
  }

  get engine(): string {
    return this.#engine.name;
  }

  /** Compiles for batches of `rows` now rather than at the first call, so that a faulty model fails early. */
  async prepare(rows: number): Promise<void> {
    for (const { steps } of this.#gradients) await steps.use(rows, () => {});
  }

  init(rng: Random, params: Float32Array): void {
    checkLength(params, this.layout.length, `model ${this.name}: init`);
    this.#objective.init(rng, params);
  }

  async gradient(params: Float32Array, batch: Batch, out: Float32Array): Promise<number> {
    const where = `model ${this.name}: gradient`;
    checkLength(params, this.layout.length, where);
    checkLength(out, this.layout.length, where);
    const { inputs, targets } = rowsOf(this.#objective, batch, 0, batch.size);
    const { of, steps } = this.#drawn(inputs, targets);
    return this.#calls.run(() =>
      steps.use(batch.size, (step) => this.#gradient(of, step, params, inputs, targets, out)),
    );
  }

  async evaluate(params: Float32Array, data: Dataset, reference: Dataset = data): Promise<Metrics> {
    checkLength(params, this.layout.length, `model ${this.name}: evaluate`);
    return this.#calls.run(() => this.#evaluate(params, data, reference));
  }

  close(): Promise<void> {
    return this.#calls.close();
  }

  /** The form of the model that a batch is given to. */
  #drawn(inputs: Float32Array, targets: Int32Array) {
    const count = this.#gradients.length;
    const place = count === 1 ? 0 : Math.floor(count * randomOf(inputs, targets).split("alternative").uniform(0));
    const drawn = this.#gradients[place];
    assert(drawn !== undefined, "a draw is below 1");
    return drawn;
  }

  async #gradient(
    objective: Objective,
    step: GradientStep,
    params: Float32Array,
    inputs: Float32Array,
    targets: Int32Array,
    out: Float32Array,
  ): Promise<number> {
    const { augment, finish, trained } = objective;
    if (trained.length < this.layout.tensors.length) out.fill(0);
    const isPlain = augment === undefined && finish === undefined && step.noise.length === 0;
    if (isPlain) return step.run(params, inputs, targets, [], out);
    const rng = randomOf(inputs, targets);
    const seen = augment === undefined ? inputs : new Float32Array(inputs.length);
    augment?.(inputs, rng.split("augment"), seen);
    const loss = await step.run(params, seen, targets, noiseOf(step, rng), out);
    finish?.(out, this.layout, rng.split("finish"));
    return loss;
  }

  async #evaluate(params: Float32Array, data: Dataset, reference: Dataset): Promise<Metrics> {
    let loss = 0;
    let right = 0;
    let moments: readonly Float32Array[] | undefined;
    const { rowsAtOnce } = this.#objective;
    for (let first = 0; first < data.rows; first += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, data.rows - first);
      const { inputs, targets } = rowsOf(this.#objective, data, first, rows);
      const result = await this.#evaluations.use(rows, async (step) => {
        moments ??= step.moments === 0 ? [] : await momentsAt(params, this.#objective, reference, this.#moments);
        return step.run(params, inputs, targets, moments);
      });
      loss += rows * result.loss;
      if (result.scores !== undefined) right += countRight(result.scores, targets);
    }
    const mean = loss / data.rows;
    return this.#objective.hasScores ? { loss: mean, accuracy: right / data.rows } : { loss: mean };
  }
}

/** Chance that belongs to a batch: the same rows draw the same, on every machine and after a restart. */
function randomOf(inputs: Float32Array, targets: Int32Array): Random {
  const bytesOf = (array: Float32Array | Int32Array) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return Random.fromSeed(kernels.checksum(bytesOf(targets), kernels.checksum(bytesOf(inputs), 0)) >>> 0);
}

const noiseOf = (step: GradientStep, rng: Random): Float32Array[] =>
  step.noise.map((length, place) => {
    const own = rng.split(`noise/${place}`);
    const entries = new Float32Array(length);
    for (let i = 0; i < length; i++) entries[i] = own.uniform(i);
    return entries;
  });
