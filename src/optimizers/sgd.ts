/**
 * Stochastic gradient descent, x ← x − η g, with heavy-ball momentum in four forms. They differ once η varies:
 *
 *     classic     v_t = μ v_{t−1} + (1 − τ) g_t, but v_1 = g_1;   x ← x − η v    a change of η rescales the history
 *     lr-inside   v_t = μ v_{t−1} + η g_t;                        x ← x − v
 *     polyak      x_{t+1} = x_t − η g_t + μ (x_t − x_{t−1}), x_0 = x_1
 *     ema         m_t = μ m_{t−1} + (1 − μ) g_t;                  x ← x − η m    or m/(1 − μ^t) with `correct`
 *
 * At constant η classic without dampening τ, lr-inside and polyak are the same, and ema is classic with η(1 − μ).
 * Classic without dampening is all in f32 where the vectors are, one rounding an operation.
 * @see Polyak 1964, "Some methods of speeding up the convergence of iteration methods"
 */
import { ConfigError } from "../base/errors.ts";
import { pow } from "../base/maths.ts";
import { kernels } from "../kernels/index.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { addScaled, combine } from "./elementwise.ts";
import type { Optimizer, OptimizerUse, Real, Stepper } from "./optimizer.ts";
import { choice, flag, number, weight } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful, uncounted } from "./stateful.ts";

export interface SgdOptions {
  /** μ in [0, 1); 0 keeps no velocity. */
  readonly momentum: number;
  readonly form: "classic" | "lr-inside" | "polyak" | "ema";
  /** τ in [0, 1), of the classic form. */
  readonly dampening: number;
  /** Divide the average of the ema form by 1 − μ^t. */
  readonly correct: boolean;
}

export const sgdEntry: BuildableEntry<SgdOptions> = defineOptimizer<SgdOptions>({
  name: "sgd",
  summary: "stochastic gradient descent with heavy-ball momentum",
  paper: "Polyak 1964",
  law: "v ← μ v + g, x ← x − η v",
  options: {
    momentum: weight("μ", 0),
    form: choice("form of the momentum; they differ where η varies", ["classic", "lr-inside", "polyak", "ema"]),
    dampening: number("τ of the classic form: v ← μ v + (1 − τ) g after the first step", 0, { min: 0, below: 1 }),
    correct: flag("divide the ema form's average by 1 − μ^t", false),
  },
  memory: ({ momentum }) => (momentum === 0 ? 0 : 1),
  examples: [
    "sgd",
    "sgd:momentum=0.9",
    "sgd:momentum=0.9,dampening=0.5",
    "sgd:momentum=0.9,form=lr-inside",
    "sgd:momentum=0.9,form=polyak",
    "sgd:momentum=0.9,form=ema,correct=true",
    "sgd:clip=1,decay=0.01",
  ],
  check,
  open(options, { length }, make) {
    const { momentum, form, dampening } = options;
    if (momentum === 0) return uncounted("sgd", {}, descend);
    if (form === "polyak") return polyak(momentum, make(length));
    return form === "classic" && dampening === 0
      ? heavyBall(momentum, make(length))
      : withVelocity(momentum, make(length), shares(options));
  },
  warnings,
});

/**
 * @param options or μ alone
 * @throws {ConfigError} if an option is out of range
 */
export const sgd = (options: number | Partial<SgdOptions & PipelineOptions> = {}): Optimizer =>
  sgdEntry.build(typeof options === "number" ? { momentum: options } : options);

function check({ momentum, form, dampening, correct, decay, decayBy }: SgdOptions & PipelineOptions, where: string) {
  if (dampening > 0 && (form !== "classic" || momentum === 0)) {
    throw new ConfigError(`${where}: dampening`, { expected: "the classic form with momentum", got: form });
  }
  if (correct && form !== "ema") throw new ConfigError(`${where}: correct`, { expected: "form=ema", got: form });
  if (form === "polyak" && momentum > 0 && decay > 0 && decayBy !== "coupled") {
    throw new ConfigError(`${where}: decay-by`, {
      expected: "coupled decay with form=polyak, whose last difference would hold the decay",
      got: decayBy,
      hint: "form=lr-inside takes the same steps.",
    });
  }
}

/** Quadratics of smoothness L are stable below 2(1 + μ)/L; an average of gradients moves 1 − μ times as far. */
function warnings({ momentum, form }: SgdOptions, { learningRate, L }: OptimizerUse): readonly string[] {
  if (L === undefined) return [];
  const bound = (2 * (1 + momentum)) / (L * (form === "ema" ? 1 - momentum : 1));
  return learningRate < bound
    ? []
    : [`sgd: stable steps need η below ${bound.toPrecision(3)}, for L = ${L.toPrecision(3)}; it is ${learningRate}`];
}

/** x ← x − η g */
export const descend: Stepper["step"] = (params, gradient, learningRate) => {
  if (params instanceof Float32Array && gradient instanceof Float32Array) {
    kernels.axpy(-learningRate, gradient, params);
  } else addScaled(-learningRate, gradient, params);
};

function heavyBall(mu: number, velocity: Real): Stepper {
  return uncounted("sgd", { velocity }, (params, gradient, learningRate) => {
    if (params instanceof Float32Array && gradient instanceof Float32Array && velocity instanceof Float32Array) {
      kernels.momentumStep(mu, learningRate, gradient, velocity, params);
      return;
    }
    combine(mu, 1, gradient, velocity);
    addScaled(-learningRate, velocity, params);
  });
}

/** What step t takes of the gradient into the velocity, and of the velocity into the parameters. */
type Shares = (learningRate: number, t: number) => readonly [ofGradient: number, ofVelocity: number];

function shares({ momentum, form, dampening, correct }: SgdOptions): Shares {
  if (form === "classic") return (learningRate, t) => [t === 1 ? 1 : 1 - dampening, learningRate];
  if (form === "lr-inside") return (learningRate) => [learningRate, 1];
  return (learningRate, t) => [1 - momentum, learningRate / (correct ? 1 - pow(momentum, t) : 1)];
}

const withVelocity = (mu: number, velocity: Real, shares: Shares): Stepper =>
  stateful("sgd", { velocity }, (params, gradient, learningRate, t) => {
    const [ofGradient, ofVelocity] = shares(learningRate, t);
    combine(mu, ofGradient, gradient, velocity);
    addScaled(-ofVelocity, velocity, params);
  });

const polyak = (mu: number, previous: Real): Stepper =>
  stateful("sgd", { previous }, (params, gradient, learningRate, t) => {
    if (t === 1) previous.set(params);
    for (let i = 0; i < params.length; i++) {
      const x = params[i]!;
      params[i] = x - learningRate * gradient[i]! + mu * (x - previous[i]!);
      previous[i] = x;
    }
  });
