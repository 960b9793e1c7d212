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
import { ConfigError } from "../base/errors.ts";
import { type NamedVectors, prefixed, restoreInto, scalarsToVector, under, vectorToScalars } from "../base/state.ts";
import { vector } from "../kernels/index.ts";
import type { Averager } from "../optimizers/averaging/averaging.ts";
import type { Optimizer, Stepper } from "../optimizers/optimizer.ts";
import { sgd } from "../optimizers/sgd.ts";
import type { Entry, Exchange, Note, Pattern } from "../patterns/pattern.ts";
import type { Round } from "../rounds/round.ts";
import { LocalDirection } from "./direction.ts";
import type { Learner, Method, StepReport, Trainee } from "./method.ts";

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

export const exchangeGradients = (pattern: Pattern, options: ExchangeOptions = {}): Method => ({
  name: `exchange-gradients(${pattern.name})`,
  open: (trainee) => new GradientExchange(pattern, trainee, options),
  uncompressedBytes: pattern.uncompressedBytes,
});

class GradientExchange implements Learner {
  readonly #trainee: Trainee;
  readonly #options: ExchangeOptions;
  readonly #exchange: Exchange;
  readonly #local: LocalDirection | undefined;
  readonly #result: Float32Array;
  readonly #stepper: Stepper;
  readonly #averager: Averager | undefined;
  /** The exact model, where the server alone steps. */
  #exact: Float32Array | undefined;
  #lastRate: number | undefined;

  constructor(pattern: Pattern, trainee: Trainee, options: ExchangeOptions) {
    const { peer, model, batches, settings } = trainee;
    const { layout } = model;
    this.#trainee = trainee;
    this.#options = options;
    this.#exchange = pattern.open(peer, layout, settings);
    this.#local =
      batches === null
        ? undefined
        : new LocalDirection(trainee, { samples: options.samples ?? 1, scaled: options.rate === "inside" });
    this.#result = vector(layout.length);
    this.#stepper = openStepper(trainee, options, pattern);
    this.#averager = settings.averaging?.open(layout.length);
  }

  async step(round: Round, note: Note): Promise<StepReport> {
    const { peer, params, settings } = this.#trainee;
    const entry = await this.#enter(round);
    if (entry.role === "absent") return { ...entry, loss: Number.NaN };
    const rate = this.#rateOf(round.number);
    const stays = this.#options.rate === "inside" || rate === this.#lastRate || rate === 0; // nothing is in units of 0
    if (this.#lastRate !== undefined && !stays) this.#exchange.rescale?.(this.#lastRate / rate);
    const own = entry.role === "worker" ? await this.#local?.at(round, rate) : undefined;
    const told = await this.#exchange.average(own?.direction ?? null, this.#result, round, note, this.#answer(rate));
    const loss = own?.loss ?? Number.NaN;
    if (told !== 0) return { loss, note: told };
    if (rate !== 0) this.#lastRate = rate;
    if (own !== undefined) this.#local?.commit();
    await peer.work("optimizer", settings.codecCost, () => {
      this.#apply(this.#result, rate);
      this.#averager?.absorb(this.#exact ?? params);
    });
    return { loss, note: 0 };
  }

  async #enter(round: Round): Promise<Entry> {
    const { params } = this.#trainee;
    if (this.#isServer && this.#options.steps === "server") this.#exact ??= copyOf(params);
    const replica = {
      apply: (result: Float32Array, missed: number) => this.#apply(result, this.#rateOf(missed)),
      state: params,
    };
    const entry = await this.#exchange.enter?.(round, replica);
    return entry ?? { role: this.#local === undefined ? "server" : "worker", note: 0 };
  }

  /** What the result of a round does to the parameters. */
  #apply(result: Float32Array, rate: number): void {
    const { params } = this.#trainee;
    if (this.#options.steps === "server") params.set(result);
    else this.#stepper.step(params, result, this.#options.rate === "inside" ? 1 : rate);
  }

  /** Where the server steps: the model that the aggregate leads to. */
  #answer(rate: number): ((aggregate: Float32Array) => Float32Array) | undefined {
    const exact = this.#exact;
    if (exact === undefined) return undefined;
    return (aggregate) => {
      this.#stepper.step(exact, aggregate, rate);
      return exact;
    };
  }

  #rateOf(round: number): number {
    const { learningRate, schedule } = this.#trainee.settings;
    return learningRate * (schedule?.(round) ?? 1);
  }

  get #isServer(): boolean {
    return this.#trainee.peer.view.members[0] === this.#trainee.peer.id;
  }

  model(): Float32Array {
    const { params } = this.#trainee;
    if (this.#averager !== undefined && this.#averager.count > 0) return this.#averager.average as Float32Array;
    const at = this.#exact ?? params;
    return (this.#stepper.iterate?.(at) ?? at) as Float32Array; // f32, as it was opened
  }

  save(): NamedVectors {
    const { params } = this.#trainee;
    const own = new Map<string, Float32Array>();
    if (this.#options.steps === "server") own.set("received", Float32Array.from(params)); // may differ between peers
    if (this.#exact !== undefined) own.set("exact", Float32Array.from(this.#exact));
    if (this.#lastRate !== undefined) own.set("rate", scalarsToVector([this.#lastRate]));
    return new Map([
      ...prefixed("exchange", this.#exchange.save()),
      ...prefixed("optimizer", this.#stepper.save()),
      ...prefixed("model", own),
      ...(this.#local?.save() ?? []),
      ...prefixed("average", this.#averager?.save() ?? new Map()),
    ]);
  }

  restore(saved: NamedVectors): void {
    this.#exchange.restore(under("exchange", saved));
    this.#stepper.restore(under("optimizer", saved));
    this.#local?.restore(saved);
    this.#averager?.restore(under("average", saved));
    const own = under("model", saved);
    if (this.#options.steps === "server") {
      const { params } = this.#trainee;
      if (this.#isServer) this.#exact = copyOf(params);
      const models = new Map([["received", params], ...(this.#exact ? [["exact", this.#exact] as const] : [])]);
      restoreInto(models, new Map([...own].filter(([name]) => name !== "rate")), "checkpoint: model");
    }
    const rate = own.get("rate");
    this.#lastRate = rate === undefined ? undefined : vectorToScalars(rate)[0];
  }
}

function copyOf(values: Float32Array): Float32Array {
  const copy = vector(values.length);
  copy.set(values);
  return copy;
}

/** @throws {ConfigError} if absent members would miss more than their parameters */
function openStepper({ model, settings }: Trainee, options: ExchangeOptions, pattern: Pattern): Stepper {
  const { factor, at } = settings.momentum;
  const optimizer = settings.optimizer ?? options.optimizer ?? sgd(at === "server" ? factor : 0);
  const stepper = optimizer.open(model.layout);
  if (stepper.save().size > 0 && pattern.partial === true && options.steps !== "server") {
    throw new ConfigError("--optimizer", {
      expected: "plain sgd with partial participation, where absent members keep no optimizer",
      got: optimizer.name,
      hint: "Use --momentum 0, or momentum at the worker.",
    });
  }
  return stepper;
}
