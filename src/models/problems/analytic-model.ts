/**
 * Risks and problems as the port `Model`: gradients accumulate in f64 and are rounded to f32 once.
 */
import { ShapeError } from "../../base/errors.ts";
import { checkLength, type Layout, layoutOf } from "../../base/layout.ts";
import type { Random } from "../../base/random.ts";
import type { Batch, Dataset } from "../../ports/dataset.ts";
import type { Curvature, Metrics, Model } from "../../ports/model.ts";
import { countRight } from "../accuracy.ts";
import { Calls } from "../calls.ts";
import type { Problem } from "./problem.ts";
import type { Risk } from "./risk.ts";
import { denseRows, type Rows, type RowsBatch, sparseRows, targetOf } from "./rows.ts";

/** A data set's shape, as far as a linear model depends on it. */
export interface LinearShape {
  /** d */
  readonly width: number;
  readonly classes: number;
}

/** The risk of a linear model over batches of rows, from x = 0. */
export function riskModel(name: string, risk: Risk, { width, classes }: LinearShape): Model {
  return new RiskModel(name, risk, width, classes);
}

/** A problem that has no data: batches are not looked at. @param start x_1 */
export function problemModel(problem: Problem, start: ArrayLike<number>): Model {
  const gradient = new Float64Array(problem.length);
  return {
    name: problem.name,
    layout: layoutOf([["x", [problem.length]]]),
    engine: "analytic",
    init: (_, params) => params.set(start),
    async gradient(params, _, out) {
      const loss = problem.at(params, gradient);
      out.set(gradient);
      return loss;
    },
    evaluate: async (params) => ({ loss: problem.at(params) }),
    close: async () => {},
  };
}

class RiskModel implements Model {
  readonly name: string;
  readonly layout: Layout;
  readonly engine = "analytic";
  readonly #risk: Risk;
  readonly #classes: number;
  readonly #gradient: Float64Array;
  #targets = new Float64Array(0);
  readonly #calls = new Calls(() => {});
  /** Data sets do not change, so their zeros are left out once. */
  readonly #known = new WeakMap<Dataset, Rows>();

  constructor(name: string, risk: Risk, width: number, classes: number) {
    this.name = name;
    this.layout = layoutOf([["weight", [width]]]);
    this.#risk = risk;
    this.#classes = classes;
    this.#gradient = new Float64Array(width);
  }

  init(_: Random, params: Float32Array): void {
    checkLength(params, this.layout.length, `model ${this.name}: init`);
    params.fill(0);
  }

  async gradient(params: Float32Array, batch: Batch, out: Float32Array): Promise<number> {
    const where = `model ${this.name}: gradient`;
    checkLength(params, this.layout.length, where);
    checkLength(out, this.layout.length, where);
    const rows = this.#rowsOf(batch);
    return this.#calls.run(async () => {
      const loss = this.#risk.at(params, rows, this.#gradient);
      out.set(this.#gradient);
      return loss;
    });
  }

  async evaluate(params: Float32Array, data: Dataset): Promise<Metrics> {
    checkLength(params, this.layout.length, `model ${this.name}: evaluate`);
    return this.#calls.run(async () => {
      const rows = this.#allRowsOf(data);
      const loss = this.#risk.at(params, rows);
      if (this.#classes !== 2) return { loss };
      const scores = Float32Array.from({ length: rows.count }, (_, row) => rows.score(row, params));
      return { loss, accuracy: countRight(scores, data.targets.subarray(0, rows.count)) / rows.count };
    });
  }

  curvature(data: Dataset, parts: readonly Uint32Array[]): Curvature {
    return this.#risk.curvature(parts.map((part) => sparseRows(data, part)));
  }

  close(): Promise<void> {
    return this.#calls.close();
  }

  #rowsOf(batch: Batch | RowsBatch): Rows {
    if ("rows" in batch) return batch.rows;
    const { size, inputs, targets } = batch;
    const { length } = this.layout;
    if (inputs.length < size * length || targets.length < size) {
      throw new ShapeError(`model ${this.name}`, {
        expected: `${size} rows of ${length} inputs and one target`,
        got: `${inputs.length} inputs and ${targets.length} targets`,
      });
    }
    if (this.#targets.length < size) this.#targets = new Float64Array(size);
    for (let row = 0; row < size; row++) this.#targets[row] = targetOf(targets[row]!, this.#classes);
    return denseRows(inputs, this.#targets, size, length);
  }

  #allRowsOf(data: Dataset): Rows {
    const rows = this.#known.get(data) ?? sparseRows(data, Array(data.rows).keys());
    this.#known.set(data, rows);
    return rows;
  }
}
