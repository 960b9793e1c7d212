/**
 * FTRL-based momentum: a momentum factor that rises to 1 and updates that shrink, so that the last iterate, not only an
 * average, has the optimal rate O(1/√T) on convex Lipschitz losses. With weights a_t and A_t = Σ_{i≤t} a_i,
 *
 *     m_t     = (A_{t−1} m_{t−1} + a_t g_t)/A_t,
 *     x_{t+1} = (A_t x_t + a_{t+1} (x_1 − γ_t A_t m_t))/A_{t+1}:
 *
 * the running average of the points of FTRL, x_1 − γ_t Σ_{i≤t} a_i g_i. Nothing is claimed of losses that are not convex.
 * a_t = t^weights, and γ_t = η/t^power (power 0 with η = c/√T for a known horizon), or, adaptive,
 * γ_t = η/√(δ + Σ_{i≤t} a_i² ‖g_i‖²), globally or with g_{i,j}² for coordinate j.
 * @see Li, Liu & Orabona 2021, "On the Last Iterate Convergence of Momentum Methods", arXiv:2102.07002
 */
import { pow } from "../base/maths.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { norm } from "./elementwise.ts";
import type { Optimizer, Real } from "./optimizer.ts";
import { choice, number } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";

export interface FtrlMomentumOptions {
  /** a_t = t^weights */
  readonly weights: number;
  readonly adaptive: "no" | "global" | "coordinate";
  /** γ_t = η/t^power where it is not adaptive. */
  readonly power: number;
  /** δ > 0, where it is. */
  readonly delta: number;
}

export const ftrlMomentumEntry: BuildableEntry<FtrlMomentumOptions> = defineOptimizer<FtrlMomentumOptions>({
  name: "ftrl-momentum",
  summary: "momentum rising to 1 with shrinking updates: the last iterate is optimal on convex losses",
  paper: "arXiv:2102.07002",
  law: "m = Σ a_i g_i/A_t, x ← (A_t x + a_{t+1} (x_1 − γ_t A_t m))/A_{t+1}",
  memory: ({ adaptive }) => (adaptive === "coordinate" ? 3 : 2),
  examples: ["ftrl-momentum", "ftrl-momentum:weights=1,power=1.5", "ftrl-momentum:adaptive=coordinate"],
  options: {
    weights: number("a_t = t^weights", 0, { min: 0 }),
    adaptive: choice("γ_t from the gradients seen", ["no", "global", "coordinate"]),
    power: number("γ_t = η/t^power unless adaptive", 0.5, { min: 0 }),
    delta: number("δ of the adaptive γ_t", 1, { above: 0 }),
  },
  open({ weights, adaptive, power, delta }, { length }, make) {
    const mean = make(length);
    const anchor = make(length); // x_1
    const squares = adaptive === "coordinate" ? make(length) : undefined;
    const totals = new Float64Array(2); // A_{t−1} and Σ a_i² ‖g_i‖²
    const step = (x: Real, g: Real, rate: number, t: number): void => {
      if (t === 1) anchor.set(x);
      const weight = pow(t, weights);
      const past = totals[0]!;
      const now = past + weight;
      const share = pow(t + 1, weights) / (now + pow(t + 1, weights)); // a_{t+1}/A_{t+1}
      totals[0] = now;
      if (adaptive === "global") totals[1] = totals[1]! + (weight * norm(g)) ** 2;
      let gamma = rate / (adaptive === "global" ? Math.sqrt(delta + totals[1]!) : pow(t, power));
      for (let i = 0; i < x.length; i++) {
        mean[i] = (past * mean[i]! + weight * g[i]!) / now;
        if (squares !== undefined) {
          squares[i] = squares[i]! + (weight * g[i]!) ** 2;
          gamma = rate / Math.sqrt(delta + squares[i]!);
        }
        x[i] = (1 - share) * x[i]! + share * (anchor[i]! - gamma * now * mean[i]!);
      }
    };
    return stateful("ftrl-momentum", { mean, anchor, ...(squares && { squares }) }, step, totals);
  },
});

/** @throws {ConfigError} if an option is out of range */
export const ftrlMomentum: (options?: Partial<FtrlMomentumOptions & PipelineOptions>) => Optimizer =
  ftrlMomentumEntry.build;
