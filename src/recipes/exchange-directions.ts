/**
 * What methods have in common whose peers all hold one model: local work → exchange → step.
 *
 *     worker i:  u_i                                 what its data says of x (`direction.ts`, `local-steps.ts`)
 *     all:       d = pattern(u_1, …, u_n)
 *     everyone:  x ← step(x, d, γ)                   every member takes the same step, so parameters stay equal, or
 *     server:    w ← step(w, d, γ), all: x = what the server sent of w
 */
import { ConfigError } from "../base/errors.ts";
import { type NamedVectors, prefixed, restoreInto, scalarsToVector, under, vectorToScalars } from "../base/state.ts";
import { vector } from "../kernels/index.ts";
import type { Optimizer, Stepper } from "../optimizers/optimizer.ts";
import { ExchangeMemory } from "../patterns/exchange-memory.ts";
import type { Entry, Exchange, Note, Pattern } from "../patterns/pattern.ts";
import type { PeerId } from "../ports/view.ts";
import type { Round } from "../rounds/round.ts";
import { settle } from "../rounds/settlement.ts";
import { exchangedLayout } from "./local-tensors.ts";
import type { Learner, Method, StepReport, Trainee, TrainingSettings } from "./method.ts";
import type { Replica, SharedReplicas } from "./shared-replicas.ts";

/** What a worker makes of its data in a round. */
export interface LocalWork {
  /**
   * The vector to send, valid until the next call, and the loss of the mini-batches.
   * @param learningRate η of the round
   */
  at(round: Round, learningRate: number): Promise<{ loss: number; direction: Float32Array }>;
  /** The round of the last `at` was decided. Without this call it is as if it had not been. */
  commit(): void;
  save(): NamedVectors;
  restore(saved: NamedVectors): void;
}

export interface DirectionPlan {
  /** Opened where there is data. */
  local(trainee: Trainee): LocalWork;
  /** What takes the step. */
  optimizer(settings: TrainingSettings): Optimizer;
  /** γ, where the vectors are in units of the model; where it is left out they are not, and it is η of the round. */
  readonly stepSize?: number;
  /** Who steps: everyone alike (default), or the server, which then sends the model. */
  readonly steps?: "everyone" | "server";
}

/** @param name of the method */
export const exchangeDirections = (name: string, pattern: Pattern, plan: DirectionPlan): Method => ({
  name: `${name}(${pattern.name})`,
  open: (trainee) => new DirectionExchange(pattern, trainee, plan),
  uncompressedBytes: pattern.uncompressedBytes,
});

/** A round that was begun and not settled yet, and what this peer has to say in it. */
interface Begun {
  readonly round: number;
  readonly rate: number;
  readonly own: { readonly loss: number; readonly direction: Float32Array } | undefined;
}

class DirectionExchange implements Learner {
  readonly #pattern: Pattern;
  readonly #trainee: Trainee;
  readonly #plan: DirectionPlan;
  readonly #memory = new ExchangeMemory();
  #exchange: Exchange;
  readonly #local: LocalWork | undefined;
  readonly #result: Float32Array;
  /** Where peers of this process that hold equal parameters share them. */
  readonly #shared: SharedReplicas | undefined;
  #replica: Replica;
  /** The exact model, where the server alone steps. */
  #exact: Float32Array | undefined;
  #lastRate: number | undefined;
  #begun: Begun | undefined;
  /** The exchange of the round that was begun is neither over nor undone. */
  #inFlight = false;

  constructor(pattern: Pattern, trainee: Trainee, plan: DirectionPlan) {
    const { peer, model, batches, localTensors, settings } = trainee;
    const layout = exchangedLayout(model, localTensors);
    this.#pattern = pattern;
    this.#trainee = trainee;
    this.#plan = plan;
    this.#exchange = pattern.open(peer, layout, settings, this.#memory);
    this.#local = batches === null ? undefined : plan.local(trainee);
    this.#result = vector(layout.length);
    const { shared } = trainee;
    this.#shared = sharable(trainee, plan, pattern) ? shared : undefined;
    if (shared !== undefined && this.#shared === undefined) trainee.params = copyOf(trainee.params);
    this.#replica = this.#shared?.begin(trainee.params, this.#open) ?? this.#open(trainee.params);
  }

  readonly #open = (params: Float32Array): Replica => {
    const { averaging } = this.#trainee.settings;
    const { length } = params;
    return {
      params,
      stepper: openStepper(this.#trainee, this.#plan, this.#pattern),
      averager: averaging?.open(length),
    };
  };

  async step(round: Round, note: Note): Promise<StepReport> {
    const { peer, settings } = this.#trainee;
    const entry = await this.#enter(round);
    if (entry.role === "absent") {
      this.#begun = undefined;
      return { ...entry, loss: Number.NaN };
    }
    const rate = this.#rateOf(round.number);
    const stays = this.#plan.stepSize !== undefined || rate === this.#lastRate || rate === 0; // nothing is in units of 0
    if (this.#lastRate !== undefined && !stays) this.#exchange.rescale?.(this.#lastRate / rate);
    const { own } = await this.#begin(round, rate, entry.role === "worker");
    const loss = own?.loss ?? Number.NaN;
    this.#inFlight = true;
    const told = await settle(this.#memory, () =>
      this.#exchange.average(own?.direction ?? null, this.#result, round, note, this.#answer(rate)),
    );
    this.#inFlight = false;
    if (told !== 0) {
      this.#begun = undefined;
      return { loss, note: told };
    }
    this.#done();
    await peer.work("optimizer", settings.codecCost, () => this.#advance(rate));
    return { loss, note: 0 };
  }

  /** The round counts: everyone takes the step that its result says. */
  #advance(rate: number): void {
    const result = this.#result;
    const take = (replica: Replica) => {
      this.#apply(replica, result, rate);
      replica.averager?.absorb(this.#exact ?? replica.params);
    };
    if (this.#shared === undefined) {
      take(this.#replica);
      return;
    }
    this.#replica = this.#shared.step(this.#replica, { result, rate }, { take, open: this.#open });
    this.#trainee.params = this.#replica.params;
  }

  /** What this peer says in a round: the same if the round was begun before, and this peer takes part again. */
  async #begin(round: Round, rate: number, works: boolean): Promise<Begun> {
    if (this.#begun?.round !== round.number || (this.#begun.own !== undefined) !== works) {
      this.#begun = undefined;
      const own = works ? await this.#local?.at(round, rate) : undefined;
      this.#begun = { round: round.number, rate, own };
    }
    return this.#begun;
  }

  /** The round that was begun counts. */
  #done(): void {
    const { rate, own } = this.#begun!;
    if (rate !== 0) this.#lastRate = rate;
    if (own !== undefined) this.#local?.commit();
    this.#begun = undefined;
  }

  settle(round: number): void {
    const counts = this.#inFlight && this.#begun!.round < round;
    this.#inFlight = false;
    if (counts) {
      this.#memory.commit();
      this.#done();
    } else {
      this.#memory.rollback();
    }
  }

  holds(done: number): number {
    return Math.min(done, this.#exchange.known ?? done);
  }

  get lazy(): boolean {
    return this.#pattern.partial ?? false;
  }

  replica(): NamedVectors {
    const rate = this.#lastRate === undefined ? new Map() : new Map([["rate", scalarsToVector([this.#lastRate])]]);
    return new Map([
      ["params", Float32Array.from(this.#trainee.params)],
      ...rate,
      ...prefixed("exchange", this.#memory.replicated()),
      ...prefixed("optimizer", this.#replica.stepper.save()),
      ...prefixed("average", this.#replica.averager?.save() ?? new Map()),
    ]);
  }

  adopt(replica: NamedVectors): void {
    const { params } = this.#trainee;
    restoreInto(new Map([["params", params]]), only(replica, "params"), "state of another member");
    this.#memory.adopt(under("exchange", replica));
    this.#replica.stepper.restore(under("optimizer", replica));
    this.#replica.averager?.restore(under("average", replica));
    this.#exact?.set(params);
    this.#begun = undefined;
    const rate = replica.get("rate");
    if (rate !== undefined) this.#lastRate ??= vectorToScalars(rate)[0]; // what this peer remembers is in units of its own
  }

  regroup(joined: ReadonlySet<PeerId>, brought: readonly PeerId[]): void {
    const { peer, model, localTensors, settings } = this.#trainee;
    const strangers = new Set([...joined, ...brought]);
    const layout = exchangedLayout(model, localTensors);
    const open = () => this.#pattern.open(peer, layout, settings, this.#memory);
    this.#exchange = this.#memory.reopen(strangers, open, strangers.has(peer.id));
    if (this.lazy) this.#exchange.forgetAbsences?.(joined.has(peer.id));
  }

  async #enter(round: Round): Promise<Entry> {
    const { params } = this.#trainee;
    if (this.#isServer && this.#plan.steps === "server") this.#exact ??= copyOf(params);
    const replica = {
      apply: (result: Float32Array, missed: number) => this.#apply(this.#replica, result, this.#rateOf(missed)),
      state: params,
    };
    const entry = await this.#exchange.enter?.(round, replica);
    return entry ?? { role: this.#local === undefined ? "server" : "worker", note: 0 };
  }

  /** What the result of a round does to the parameters. */
  #apply({ params, stepper }: Replica, result: Float32Array, rate: number): void {
    if (this.#plan.steps === "server") params.set(result);
    else stepper.step(params, result, this.#plan.stepSize ?? rate);
  }

  /** Where the server steps: the model that the aggregate leads to. */
  #answer(rate: number): ((aggregate: Float32Array) => Float32Array) | undefined {
    const exact = this.#exact;
    if (exact === undefined) return undefined;
    return (aggregate) => {
      this.#replica.stepper.step(exact, aggregate, this.#plan.stepSize ?? rate);
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
    if (this.#replica.averager !== undefined && this.#replica.averager.count > 0)
      return this.#replica.averager.average as Float32Array;
    const at = this.#exact ?? params;
    return (this.#replica.stepper.iterate?.(at) ?? at) as Float32Array; // f32, as it was opened
  }

  save(): NamedVectors {
    const { params } = this.#trainee;
    const own = new Map<string, Float32Array>();
    if (this.#plan.steps === "server") own.set("received", Float32Array.from(params)); // may differ between peers
    if (this.#exact !== undefined) own.set("exact", Float32Array.from(this.#exact));
    if (this.#lastRate !== undefined) own.set("rate", scalarsToVector([this.#lastRate]));
    return new Map([
      ...prefixed("exchange", this.#memory.save()),
      ...prefixed("optimizer", this.#replica.stepper.save()),
      ...prefixed("model", own),
      ...(this.#local?.save() ?? []),
      ...prefixed("average", this.#replica.averager?.save() ?? new Map()),
    ]);
  }

  restore(saved: NamedVectors): void {
    this.#memory.restore(under("exchange", saved));
    this.#restoreOwn(saved);
  }

  /** The model of a peer that begins to serve is what it had received. */
  recover(saved: NamedVectors): void {
    this.#memory.recover(under("exchange", saved));
    const exact = this.#plan.steps === "server" && this.#isServer;
    const had = saved.get("model/exact") ?? saved.get("model/received");
    const models = exact && had !== undefined ? [["model/exact", had] as const] : [];
    this.#restoreOwn(new Map([...[...saved].filter(([name]) => name !== "model/exact"), ...models]));
  }

  #restoreOwn(saved: NamedVectors): void {
    // Memories that a worker mirrors, and a model that it received, may be from before its absence, which a checkpoint does
    // not tell: all get the state.
    if (this.#memory.mirrors || (this.lazy && this.#plan.steps === "server")) this.#exchange.forgetAbsences?.(false);
    this.#replica.stepper.restore(under("optimizer", saved));
    this.#local?.restore(saved);
    this.#replica.averager?.restore(under("average", saved));
    const own = under("model", saved);
    if (this.#plan.steps === "server") {
      const { params } = this.#trainee;
      if (this.#isServer) this.#exact = copyOf(params);
      const models = new Map([["received", params], ...(this.#exact ? [["exact", this.#exact] as const] : [])]);
      restoreInto(models, new Map([...own].filter(([name]) => name !== "rate")), "checkpoint: model");
    }
    const rate = own.get("rate");
    this.#lastRate = rate === undefined ? undefined : vectorToScalars(rate)[0];
  }
}

/** Members that never change but by the results that all have. */
const sharable = ({ settings }: Trainee, plan: DirectionPlan, pattern: Pattern): boolean =>
  settings.elastic !== true && plan.steps !== "server" && pattern.partial !== true;

const only = (vectors: NamedVectors, name: string): NamedVectors =>
  new Map([...vectors].filter(([key]) => key === name));

function copyOf(values: Float32Array): Float32Array {
  const copy = vector(values.length);
  copy.set(values);
  return copy;
}

/** @throws {ConfigError} if absent members would miss more than their parameters */
function openStepper({ model, localTensors, settings }: Trainee, plan: DirectionPlan, pattern: Pattern): Stepper {
  const optimizer = plan.optimizer(settings);
  const stepper = optimizer.open(exchangedLayout(model, localTensors));
  if (stepper.save().size > 0 && pattern.partial === true && plan.steps !== "server") {
    throw new ConfigError("--optimizer", {
      expected: "plain sgd with partial participation, where absent members keep no optimizer",
      got: optimizer.name,
      hint: "Use --momentum 0, or momentum at the worker.",
    });
  }
  return stepper;
}
