/**
 * Exchanges a direction every step: local gradient → exchange → step.
 *
 *     worker i:  u_i from ∇f_i(x)                        (`direction.ts`)
 *     all:       d = pattern(u_1, …, u_n)
 *     everyone:  x ← step(x, d, η)                       every member takes the same step, so parameters stay equal, or
 *     server:    w ← step(w, d, η), all: x = what the server sent of w
 *
 * With the rate inside, u_i = η v_i is compressed and d itself is the step: what a channel remembers is then in units of
 * the model, and a change of η does not rescale it. Outside, u_i = v_i, and remembered errors are rescaled by hand.
 */
import type { Optimizer } from "../optimizers/optimizer.ts";
import { sgd } from "../optimizers/sgd.ts";
import type { Pattern } from "../patterns/pattern.ts";
import { LocalDirection } from "./direction.ts";
import { exchangeDirections } from "./exchange-directions.ts";
import type { Method } from "./method.ts";

export interface ExchangeOptions {
  /** Where η enters: after the exchange (default), or before the compression. */
  readonly rate?: "outside" | "inside";
  /** Who steps: everyone alike (default), or the server, which then sends the model. */
  readonly steps?: "everyone" | "server";
  /** R ≥ 1 mini-batches per round; default 1. */
  readonly samples?: number;
  /** The recipe's own optimizer; default SGD with the job's momentum. */
  readonly optimizer?: Optimizer;
}

export function exchangeGradients(pattern: Pattern, options: ExchangeOptions = {}): Method {
  const { rate = "outside", samples = 1, steps = "everyone" } = options;
  return exchangeDirections("exchange-gradients", pattern, {
    local: (trainee) => new LocalDirection(trainee, { samples, scaled: rate === "inside" }),
    optimizer: ({ optimizer, momentum: { factor, at } }) =>
      optimizer ?? options.optimizer ?? sgd(at === "server" ? factor : 0),
    ...(rate === "inside" && { stepSize: 1 }),
    steps,
  });
}
