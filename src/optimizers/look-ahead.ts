/**
 * The step of methods that take gradients ahead of their iterate: the parameters hold y, and `iterate` is x,
 *
 *     x_{t+1} = y_t − η_t ∇f(y_t),   y_{t+1} = x_{t+1} + β_{t+1} (x_{t+1} − x_t),   y_1 = x_1.
 */
import type { Real, Stepper } from "./optimizer.ts";
import { stateful } from "./stateful.ts";

/** @param iterate holds x @param plan η_t and β_{t+1} of step t = 1, 2, … at a learning rate */
export function lookAhead(
  where: string,
  iterate: Real,
  plan: (learningRate: number, t: number) => readonly [eta: number, beta: number],
): Stepper {
  const started = new Float64Array(1);
  const step = (params: Real, gradient: Real, learningRate: number, t: number): void => {
    if (t === 1) iterate.set(params);
    started[0] = 1;
    const [eta, beta] = plan(learningRate, t);
    for (let i = 0; i < params.length; i++) {
      const x = params[i]! - eta * gradient[i]!;
      params[i] = x + beta * (x - iterate[i]!);
      iterate[i] = x;
    }
  };
  return {
    ...stateful(where, { iterate }, step, started),
    iterate: (params) => (started[0] === 0 ? params : iterate),
  };
}
