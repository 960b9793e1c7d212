/**
 * Lying peers, for experiments: some workers send gradients of their own making, in the form of honest messages.
 *
 *     sign-flip:c          −c g, c = 1 unless said otherwise                     g: the liar's own gradient
 *     scaled:c             c g
 *     random:σ             normal noise of deviation σ
 *     inner-product:ε      −ε g, ε = 0.1: small enough to pass, and still opposed to the honest mean
 *     little-is-enough:z   g − z·s on every coordinate, s the deviation among workers: every step is within the noise
 *     label-flip           the gradient of the mini-batch with class t labelled as the C − 1 − t
 *
 * A liar knows its own rows alone. It takes its gradient for the mean of all, and estimates s from four parts of its
 * mini-batch: s² = v/4 with v the variance of their gradients. Without a z, z = Φ⁻¹((n − f − k)/(n − f)), k = ⌊n/2 + 1⌋ − f:
 * with k honest workers farther out the liars have a majority. Losses are reported as they are.
 *
 * A lie is a function of parameters and mini-batch, so that a round that runs again, and a run that is continued, repeat it.
 * @see Baruch, Baruch & Goldberg 2019, "A Little Is Enough", arXiv:1902.06156
 * @see Xie, Koyejo & Gupta 2019, "Fall of Empires" (inner-product manipulation), arXiv:1903.03936
 */
import { ConfigError } from "../base/errors.ts";
import { normalQuantile } from "../base/normal.ts";
import type { Random } from "../base/random.ts";
import { checkArguments, lookUp, parseNumber, parseSpec, type Spec } from "../base/spec.ts";
import { kernels } from "../kernels/index.ts";
import type { Batch } from "../ports/dataset.ts";
import type { Model } from "../ports/model.ts";

/** `1:sign-flip`, as it was read. */
export interface Byzantine {
  /** Canonical spec. */
  readonly name: string;
  /** f: the last workers of the view. */
  readonly count: number;
  readonly attack: Attack;
}

/** What a liar knows of the others. */
export interface Swarm {
  /** n */
  readonly workers: number;
  /** f */
  readonly liars: number;
  /** C, of the data. */
  readonly classes: number;
}

interface Attack {
  readonly name: string;
  /** @throws {ConfigError} if it does not work in such a swarm */
  open(swarm: Swarm): Lie;
}

interface Situation {
  readonly model: Model;
  readonly params: Float32Array;
  readonly batch: Batch;
  readonly rng: Random;
}

/** Turns the honest gradient in `out` into what is sent. */
type Lie = (situation: Situation, out: Float32Array) => void | Promise<void>;

/** @param text `count:attack`, such as `2:random:10` @throws {ConfigError} naming `where` */
export function parseByzantine(text: string, where: string): Byzantine {
  const [, liars, attack] = /^\s*([^:]*):(.*)$/.exec(text) ?? [];
  if (liars === undefined || attack === undefined) {
    throw new ConfigError(where, { expected: "a number of liars and an attack, such as 1:sign-flip", got: text });
  }
  const count = parseNumber(liars, where, { min: 1, integer: true });
  const spec = parseSpec(attack, where);
  const chosen = lookUp(attacks, spec.name, where, "an attack")(spec, where);
  return { name: `${count}:${chosen.name}`, count, attack: chosen };
}

/** @param worker place among the workers of the view */
export const isLiar = ({ count }: Byzantine, worker: number, workers: number): boolean => worker >= workers - count;

/** A model whose gradient is a lie, and whose losses and metrics are true. @throws {ConfigError} */
export function lying(model: Model, { attack, count }: Byzantine, swarm: Omit<Swarm, "liars">, rng: Random): Model {
  const lie = attack.open({ ...swarm, liars: count });
  return {
    name: model.name,
    layout: model.layout,
    engine: model.engine,
    init: (random, params) => model.init(random, params),
    async gradient(params, batch, out) {
      const loss = await model.gradient(params, batch, out);
      await lie({ model, params, batch, rng }, out);
      return loss;
    },
    evaluate: (params, data, reference) => model.evaluate(params, data, reference),
    ...(model.curvature && { curvature: (data, parts) => model.curvature!(data, parts) }),
    close: () => model.close(),
  };
}

/** Reads what follows an attack's name. */
type ReadAttack = (spec: Spec, where: string) => Attack;

const times =
  (factor: (c: number) => number, usual?: number): ReadAttack =>
  (spec, where) => {
    const c = argument(spec, where, usual);
    return {
      name: named(spec.name, c, usual),
      open: () => (_, out) => kernels.scale(factor(c), out),
    };
  };

const random: ReadAttack = (spec, where) => {
  const sigma = argument(spec, where);
  return {
    name: named("random", sigma),
    open:
      () =>
      ({ params, batch, rng }, out) => {
        const noise = rng.split(String(kernels.checksum(bytesOf(batch.inputs), kernels.checksum(bytesOf(params), 0))));
        for (let j = 0; j < out.length; j++) out[j] = sigma * noise.normal(j);
      },
  };
};

const PARTS = 4;

const littleIsEnough: ReadAttack = (spec, where) => {
  checkArguments(spec, where, 1);
  const said = spec.values[0] === undefined ? undefined : parseNumber(spec.values[0], `${where}: z`);
  return {
    name: named("little-is-enough", said),
    open(swarm) {
      const z = said ?? deviations(swarm, where);
      return async ({ model, params, batch }, out) => {
        const parts = Math.min(PARTS, batch.size);
        if (parts < 2) return; // one row shows no deviation
        const sums = new Float64Array(out.length);
        const squares = new Float64Array(out.length);
        const gradient = new Float32Array(out.length);
        for (let part = 0; part < parts; part++) {
          await model.gradient(params, partOf(batch, part, Math.floor(batch.size / parts)), gradient);
          for (const [j, value] of gradient.entries()) {
            sums[j]! += value;
            squares[j]! += value * value;
          }
        }
        for (let j = 0; j < out.length; j++) {
          const variance = Math.max(0, squares[j]! - (sums[j]! * sums[j]!) / parts) / (parts - 1);
          out[j]! -= z * Math.sqrt(variance / parts);
        }
      };
    },
  };
};

/** z, at which so many honest workers lie farther out that they and the liars are a majority. */
function deviations({ workers: n, liars: f }: Swarm, where: string): number {
  if (2 * f >= n) {
    const hint = "A majority need not hide; or give z: little-is-enough:1.5.";
    throw new ConfigError(where, { expected: `fewer than half of ${n} workers as liars`, got: f, hint });
  }
  const k = Math.floor(n / 2 + 1) - f;
  return normalQuantile((n - f - k) / (n - f));
}

const labelFlip: ReadAttack = (spec, where) => {
  checkArguments(spec, where, 0);
  return {
    name: "label-flip",
    open({ classes }) {
      if (classes < 2) throw new ConfigError(where, { expected: "data with classes for label-flip", got: classes });
      return async ({ model, params, batch }, out) => {
        const targets = batch.targets.map((target) => classes - 1 - target);
        await model.gradient(params, { ...batch, targets }, out);
      };
    },
  };
};

const attacks: ReadonlyMap<string, ReadAttack> = new Map([
  ["sign-flip", times((c) => -c, 1)],
  ["scaled", times((c) => c)],
  ["random", random],
  ["inner-product", times((c) => -c, 0.1)],
  ["little-is-enough", littleIsEnough],
  ["label-flip", labelFlip],
]);

/** The one number of an attack. */
function argument(spec: Spec, where: string, usual?: number): number {
  checkArguments(spec, where, 1);
  return parseNumber(spec.values[0] ?? (usual === undefined ? "" : String(usual)), `${where}: ${spec.name}`);
}

const named = (name: string, value: number | undefined, usual?: number): string =>
  value === usual ? name : `${name}:${value}`;

/** Rows part·rows … (part + 1)·rows − 1. */
function partOf({ inputs, targets, size }: Batch, part: number, rows: number): Batch {
  const width = inputs.length / size;
  return {
    size: rows,
    inputs: inputs.subarray(part * rows * width, (part + 1) * rows * width),
    targets: targets.subarray(part * rows, (part + 1) * rows),
  };
}

const bytesOf = (x: Float32Array): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
