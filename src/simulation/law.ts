/**
 * Laws of random times, as factors of a usual time: how long a step, a trip or a stay takes against what is usual.
 *
 *     constant               1
 *     exponential            Exp(1)
 *     shifted-exponential:s  1 + s Exp(1)       a fixed part, and a random one of mean s
 *     lognormal:σ            exp(σ N(0, 1))     median 1
 *     normal:σ               max(0, 1 + σ N(0, 1))
 *     pareto:a               U^(−1/a)           at least 1; a heavy tail, without a mean where a ≤ 1
 *     weibull:k              E^(1/k)            E ~ Exp(1); stays of volunteers have k from 0.4 to 0.6
 */
import { exp, log, pow } from "../base/maths.ts";
import { normalCdf } from "../base/normal.ts";
import type { Random } from "../base/random.ts";
import { checkArguments, lookUp, parseNumber, parseSpec } from "../base/spec.ts";

export interface Law {
  /** Spec, such as `lognormal:0.3`. */
  readonly name: string;
  /** May be infinite. */
  readonly mean: number;
  /** The i-th factor, at least 0; a pure function of (rng, i). */
  draw(rng: Random, i: number): number;
}

/** Given the parameter of the law, if it has one. */
interface Family {
  readonly parameters: 0 | 1;
  readonly mean: (parameter: number) => number;
  readonly draw: (parameter: number, rng: Random, i: number) => number;
}

/** Uniform on (0, 1]. */
const uniform = (rng: Random, i: number): number => (rng.u32(i) + 1) * 2 ** -32;
const exponential = (rng: Random, i: number): number => -log(uniform(rng, i));
const positiveNormalMean = (s: number): number =>
  normalCdf(1 / s) + (s * exp(-1 / (2 * s * s))) / Math.sqrt(2 * Math.PI);

const FAMILIES: ReadonlyMap<string, Family> = new Map([
  ["constant", { parameters: 0, mean: () => 1, draw: () => 1 }],
  ["exponential", { parameters: 0, mean: () => 1, draw: (_, rng, i) => exponential(rng, i) }],
  ["shifted-exponential", { parameters: 1, mean: (s) => 1 + s, draw: (s, rng, i) => 1 + s * exponential(rng, i) }],
  ["lognormal", { parameters: 1, mean: (s) => exp((s * s) / 2), draw: (s, rng, i) => exp(s * rng.normal(i)) }],
  ["normal", { parameters: 1, mean: positiveNormalMean, draw: (s, rng, i) => Math.max(0, 1 + s * rng.normal(i)) }],
  [
    "pareto",
    {
      parameters: 1,
      mean: (a) => (a > 1 ? a / (a - 1) : Number.POSITIVE_INFINITY),
      draw: (a, rng, i) => pow(uniform(rng, i), -1 / a),
    },
  ],
  ["weibull", { parameters: 1, mean: (k) => gamma(1 + 1 / k), draw: (k, rng, i) => pow(exponential(rng, i), 1 / k) }],
] satisfies [string, Family][]);

export const lawNames: readonly string[] = [...FAMILIES.keys()];

/** @throws {ConfigError} naming `where` */
export function parseLaw(text: string, where: string): Law {
  const spec = parseSpec(text, where);
  const { parameters, mean, draw } = lookUp(FAMILIES, spec.name, where, "a law of random times");
  checkArguments(spec, where, parameters);
  const bounds = { min: 0.01, max: 100 };
  const parameter = parameters === 0 ? 0 : parseNumber(spec.values[0] ?? "", `${where}: ${spec.name}`, bounds);
  return {
    name: parameters === 0 ? spec.name : `${spec.name}:${parameter}`,
    mean: mean(parameter),
    draw: (rng, i) => draw(parameter, rng, i),
  };
}

/** Γ(x) for x ≥ 1, within 1e-10: Stirling's series at x + 8, and back down. */
function gamma(x: number): number {
  let shift = 1;
  for (let n = 0; n < 8; n++) shift *= x + n;
  const y = x + 8;
  const series = 1 / (12 * y) - 1 / (360 * pow(y, 3)) + 1 / (1260 * pow(y, 5));
  return (Math.sqrt((2 * Math.PI) / y) * exp(y * log(y) - y + series)) / shift;
}
