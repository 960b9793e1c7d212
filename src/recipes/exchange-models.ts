/**
 * Exchanges models: every peer steps along its own direction and mixes what a scheme gives with its neighbours'.
 *
 *     peer i:  u_i from ∇f_i(x_i)                                       (`direction.ts`)
 *              x_i from W and what the scheme mixes of x_i and u_i      (`exchange-models-schemes.ts`)
 *
 * Peers begin with equal models and then differ; what is judged is the mean of them all. Over push-sum x_i is a quotient,
 * and its step is η/m_i.
 */
import { ConfigError } from "../base/errors.ts";
import { type Layout, layoutOf } from "../base/layout.ts";
import { type NamedVectors, prefixed, restoreInto, under } from "../base/state.ts";
import { vector } from "../kernels/index.ts";
import type { Averager } from "../optimizers/averaging/averaging.ts";
import { ExchangeMemory } from "../patterns/exchange-memory.ts";
import type { GossipPattern } from "../patterns/gossip.ts";
import type { GossipExchange } from "../patterns/gossip-slots.ts";
import type { Note } from "../patterns/pattern.ts";
import type { PeerId, View } from "../ports/view.ts";
import type { Round } from "../rounds/round.ts";
import { settle } from "../rounds/settlement.ts";
import { hopsOf, type Topology } from "../topologies/topology.ts";
import { LocalDirection } from "./direction.ts";
import type { Mixing, Scheme } from "./exchange-models-schemes.ts";
import { exchangedLayout } from "./local-tensors.ts";
import type { Learner, Method, StepReport, Trainee } from "./method.ts";

export function exchangeModels(pattern: GossipPattern, scheme: Scheme): Method {
  const graph = (view: View): Topology => {
    const topology = pattern.graph(view);
    const fault = scheme.needs === "symmetric" ? !topology.symmetric : !topology.doublyStochastic;
    if (scheme.needs === undefined || !fault) return topology;
    const expected = `weights that are ${scheme.needs}, for ${scheme.name}`;
    throw new ConfigError("topology", { expected, got: topology.name, hint: "Try ring, torus or random-regular." });
  };
  return {
    name: `exchange-models(${scheme.name}, ${pattern.name})`,
    open(trainee) {
      graph(trainee.peer.view);
      return new ModelExchange(pattern, scheme, trainee);
    },
    stepsLocally: true,
    uncompressedBytes: (view, length) => pattern.uncompressedBytes(view, scheme.parts.length * length),
    hops: (view) => hopsOf(graph(view)),
  };
}

class ModelExchange implements Learner {
  readonly #pattern: GossipPattern;
  readonly #trainee: Trainee;
  readonly #layout: Layout;
  readonly #memory = new ExchangeMemory();
  #exchange: GossipExchange;
  readonly #local: LocalDirection;
  readonly #mixing: Mixing;
  /** What is mixed, and what comes of it. */
  readonly #own: Float32Array;
  readonly #mixed: Float32Array;
  readonly #averager: Averager | undefined;

  /** @throws {ConfigError} for momentum after an average that nobody takes */
  constructor(pattern: GossipPattern, scheme: Scheme, trainee: Trainee) {
    const { peer, model, localTensors, settings } = trainee;
    const { factor, at } = settings.momentum;
    const { tensors, length } = exchangedLayout(model, localTensors);
    if (at === "server" && factor > 0) {
      throw new ConfigError("--momentum", { expected: "momentum at the worker: there is no server", got: at });
    }
    this.#pattern = pattern;
    this.#layout = layoutOf(
      scheme.parts.flatMap((part) => tensors.map(({ name, shape }) => [`${part}/${name}`, shape] as const)),
    );
    this.#trainee = trainee;
    this.#exchange = pattern.open(peer, this.#layout, settings, this.#memory);
    this.#local = new LocalDirection(trainee, { samples: 1, scaled: false });
    this.#mixing = scheme.open(length);
    this.#own = vector(this.#mixing.before === undefined ? 0 : this.#layout.length);
    this.#mixed = vector(this.#layout.length);
    this.#averager = settings.averaging?.open(length);
  }

  async step(round: Round, note: Note): Promise<StepReport> {
    const { peer, params, settings } = this.#trainee;
    const rate = settings.learningRate * (settings.schedule?.(round.number) ?? 1);
    const { loss, direction, told } = await this.#exchanged(round, note, rate);
    if (told !== 0) return { loss, note: told };
    this.#local.commit();
    await peer.work("optimizer", settings.codecCost, () => {
      this.#mixing.after(params, this.#mixed, direction, rate / this.#exchange.mass);
      this.#averager?.absorb(params);
    });
    return { loss, note: 0 };
  }

  /** Where nothing but x is mixed, its messages travel while the gradient is computed. */
  async #exchanged(
    round: Round,
    note: Note,
    rate: number,
  ): Promise<{ loss: number; direction: Float32Array; told: Note }> {
    const { peer, params, settings } = this.#trainee;
    const mixing = this.#mixing;
    const average = (own: Float32Array) =>
      settle(this.#memory, () => this.#exchange.average(own, this.#mixed, round, note));
    if (mixing.before === undefined) {
      const working = this.#local.at(round, rate);
      try {
        const [told, own] = await Promise.all([average(params), working]);
        return { ...own, told };
      } finally {
        await working; // the next round is not begun before
      }
    }
    const own = await this.#local.at(round, rate);
    await peer.work("optimizer", settings.codecCost, () =>
      mixing.before?.(params, own.direction, rate / this.#exchange.mass, this.#own),
    );
    return { ...own, told: await average(this.#own) };
  }

  /** Whoever was in the middle of a round goes on from where it was: peers differ anyway. */
  settle(): void {
    this.#memory.rollback();
  }

  holds(done: number): number {
    return done;
  }

  readonly lazy = false;

  replica(): NamedVectors {
    return new Map([["model", Float32Array.from(this.#trainee.params)]]);
  }

  adopt(replica: NamedVectors): void {
    restoreInto(new Map([["model", this.#trainee.params]]), replica, "model of another peer");
  }

  /** What a scheme knows of peers that are gone is wrong: it begins anew, from the models as they are. */
  regroup(joined: ReadonlySet<PeerId>): void {
    const { peer, settings } = this.#trainee;
    for (const state of this.#mixing.state.values()) state.fill(0);
    this.#exchange = this.#memory.reopen(joined, () => this.#pattern.open(peer, this.#layout, settings, this.#memory));
  }

  model(): Float32Array {
    const averager = this.#averager;
    return averager !== undefined && averager.count > 0 ? (averager.average as Float32Array) : this.#trainee.params;
  }

  save(): NamedVectors {
    return new Map([
      ["model", Float32Array.from(this.#trainee.params)],
      ...prefixed("exchange", this.#memory.save()),
      ...prefixed("scheme", new Map([...this.#mixing.state].map(([name, x]) => [name, Float32Array.from(x)]))),
      ...this.#local.save(),
      ...prefixed("average", this.#averager?.save() ?? new Map()),
    ]);
  }

  restore(saved: NamedVectors): void {
    this.#memory.restore(under("exchange", saved));
    restoreInto(this.#mixing.state, under("scheme", saved), "scheme");
    this.recover(saved);
  }

  /** What a scheme knows of the others begins anew. */
  recover(saved: NamedVectors): void {
    const model = new Map([...saved].filter(([name]) => name === "model"));
    restoreInto(new Map([["model", this.#trainee.params]]), model, "model of a peer");
    this.#local.restore(saved);
    this.#averager?.restore(under("average", saved));
  }
}
