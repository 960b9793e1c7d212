/**
 * Empirical risk of a linear model, with a regulariser:
 *
 *     f(x) = (1/N) Σ_r ℓ(z_r·x, y_r) + (λ/2)‖x‖² + α Σ_j x_j²/(1 + x_j²)
 *
 * The second derivative of the last term lies in [−α/2, 2α], so f is smooth with L = ℓ″max·λmax(ZᵀZ)/N + λ + 2α.
 */
import type { Real } from "../../optimizers/optimizer.ts";
import type { Curvature } from "../../ports/model.ts";
import type { Problem } from "./problem.ts";
import type { RowLoss } from "./row-loss.ts";
import type { Rows } from "./rows.ts";
import { largestEigenvalue } from "./spectrum.ts";

export interface Regularisers {
  /** λ ≥ 0 */
  readonly l2?: number;
  /** α ≥ 0 */
  readonly nonconvex?: number;
}

export class Risk {
  readonly loss: RowLoss;
  readonly #l2: number;
  readonly #nonconvex: number;

  constructor(loss: RowLoss, { l2 = 0, nonconvex = 0 }: Regularisers = {}) {
    this.loss = loss;
    this.#l2 = l2;
    this.#nonconvex = nonconvex;
  }

  /** f(x) over the rows, in f64; ∇f(x) is written into `gradient` where one is given. */
  at(x: Real, rows: Rows, gradient?: Float64Array): number {
    const { loss } = this;
    const { count, targets } = rows;
    let sum = 0;
    gradient?.fill(0);
    for (let row = 0; row < count; row++) {
      const score = rows.score(row, x);
      const target = targets[row]!;
      const slope = loss.slope(score, target);
      sum += loss.value(score, target, slope);
      if (gradient !== undefined) rows.addTo(gradient, row, slope / count);
    }
    return sum / count + this.#regularise(x, gradient);
  }

  /** out = ∇²f(x) v over the rows. */
  hessianTimes(x: Real, rows: Rows, v: Float64Array, out: Float64Array): void {
    const { loss } = this;
    this.#times(rows, v, out, (row) => loss.bend(rows.score(row, x), rows.targets[row]!));
    for (let j = 0; j < v.length; j++) {
      const square = x[j]! ** 2;
      out[j]! += (this.#l2 + (2 * this.#nonconvex * (1 - 3 * square)) / (1 + square) ** 3) * v[j]!;
    }
  }

  /** Constants of f = (1/n) Σ f_i, f_i the risk of the i-th rows; L from above, by power iteration. */
  curvature(parts: readonly Rows[]): Curvature {
    const { bendMost } = this.loss;
    const added = this.#l2 + 2 * this.#nonconvex;
    const { width } = parts[0]!;
    const smoothnessOf = (some: readonly Rows[]): number => {
      const part = new Float64Array(width);
      const largest = largestEigenvalue(width, (v, out) => {
        out.fill(0);
        for (const rows of some) {
          this.#times(rows, v, part, () => bendMost);
          for (let j = 0; j < width; j++) out[j]! += part[j]! / some.length;
        }
      });
      return largest + added;
    };
    const each = parts.map((rows) => smoothnessOf([rows]));
    return {
      L: smoothnessOf(parts),
      Ltilde: Math.sqrt(each.reduce((sum, L) => sum + L ** 2, 0) / each.length),
      Lmax: Math.max(...each),
      ...(this.#l2 > 0 && this.#nonconvex === 0 ? { mu: this.#l2 } : {}),
    };
  }

  /** f over these rows as a problem. */
  on(rows: Rows): Problem {
    return {
      name: this.loss.name,
      length: rows.width,
      constants: {},
      at: (x, gradient) => this.at(x, rows, gradient),
      hessianTimes: (x, v, out) => this.hessianTimes(x, rows, v, out),
    };
  }

  #regularise(x: Real, gradient: Float64Array | undefined): number {
    const [l2, nonconvex] = [this.#l2, this.#nonconvex];
    if (l2 === 0 && nonconvex === 0) return 0;
    let sum = 0;
    for (let j = 0; j < x.length; j++) {
      const square = x[j]! ** 2;
      sum += 0.5 * l2 * square + (nonconvex * square) / (1 + square);
      if (gradient !== undefined) gradient[j]! += (l2 + (2 * nonconvex) / (1 + square) ** 2) * x[j]!;
    }
    return sum;
  }

  /** out = (1/N) Σ_r weight(r) (z_r·v) z_r */
  #times(rows: Rows, v: Float64Array, out: Float64Array, weight: (row: number) => number): void {
    out.fill(0);
    for (let row = 0; row < rows.count; row++) rows.addTo(out, row, (weight(row) * rows.score(row, v)) / rows.count);
  }
}
