/**
 * Delayed (generalised) AdaGrad: the step size of step t knows the gradients before t only, so that it is independent of
 * g_t given the past,
 *
 *     η_t = η/(β + Σ_{i<t} ‖g_i‖²)^p   (global), or with g_{i,j}² for coordinate j,
 *     m ← μ m + η_t g,   x ← x − m.
 *
 * p = ½ gives the rates, p > ½ almost-sure convergence of the gradients. The step size enters before the velocity, so
 * what was taken keeps its own. With η = β = 1 and `per=global` it is the step of AdaBatchGrad (`batch-size/`).
 * @see Li & Orabona 2018, "On the Convergence of SGD with Adaptive Stepsizes", arXiv:1805.08114
 * @see Li & Orabona 2020, "A High Probability Analysis of Adaptive SGD with Momentum", arXiv:2007.14294
 */
import { pow } from "../base/maths.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { norm } from "./elementwise.ts";
import type { Optimizer, Real } from "./optimizer.ts";
import { choice, number, weight } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";

export interface DelayedAdaGradOptions {
  readonly per: "global" | "coordinate";
  /** β > 0 */
  readonly beta: number;
  /** p = ½ + ϵ in [½, 1] */
  readonly power: number;
  /** μ in [0, 1) */
  readonly momentum: number;
}

export const delayedAdaGradEntry: BuildableEntry<DelayedAdaGradOptions> = defineOptimizer<DelayedAdaGradOptions>({
  name: "delayed-adagrad",
  summary: "AdaGrad whose step size does not yet know the gradient that it multiplies",
  paper: "arXiv:1805.08114",
  law: "η_t = η/(β + Σ_{i<t} g_i²)^p, m ← μ m + η_t g, x ← x − m",
  memory: ({ per, momentum }) => Number(per === "coordinate") + Number(momentum > 0),
  examples: ["delayed-adagrad", "delayed-adagrad:per=coordinate,power=0.6,momentum=0.9"],
  options: {
    per: choice("one step size, or one a coordinate", ["global", "coordinate"]),
    beta: number("β", 1, { above: 0 }),
    power: number("p", 0.5, { min: 0.5, max: 1 }),
    momentum: weight("μ", 0),
  },
  open({ per, beta, power, momentum }, { length }, make) {
    const root = power === 0.5 ? Math.sqrt : (x: number) => pow(x, power);
    const squares = per === "coordinate" ? make(length) : undefined;
    const velocity = momentum > 0 ? make(length) : undefined;
    const total = new Float64Array(1); // Σ ‖g_i‖²
    const vectors = { ...(squares && { squares }), ...(velocity && { velocity }) };
    const step = (x: Real, g: Real, rate: number): void => {
      const shared = rate / root(beta + total[0]!);
      for (let i = 0; i < x.length; i++) {
        let move = g[i]! * (squares === undefined ? shared : rate / root(beta + squares[i]!));
        if (velocity !== undefined) move = velocity[i] = momentum * velocity[i]! + move;
        x[i] = x[i]! - move;
        if (squares !== undefined) squares[i] = squares[i]! + g[i]! * g[i]!;
      }
      if (squares === undefined) total[0] = total[0]! + norm(g) ** 2;
    };
    return stateful("delayed-adagrad", vectors, step, total);
  },
  warnings({ beta, power }, { learningRate, L }) {
    if (L === undefined || 2 * learningRate * L < pow(beta, power)) return [];
    const [twice, bound] = [2 * learningRate * L, pow(beta, power)].map((value) => value.toPrecision(3));
    return [
      `delayed-adagrad: its guarantee needs 2ηL below β^p = ${bound} (4ηL where the loss is convex); 2ηL = ${twice}`,
    ];
  },
});

/** @throws {ConfigError} if an option is out of range */
export const delayedAdaGrad: (options?: Partial<DelayedAdaGradOptions & PipelineOptions>) => Optimizer =
  delayedAdaGradEntry.build;
