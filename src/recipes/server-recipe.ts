/**
 * What recipes on a parameter server have in common.
 */
import type { Compressor } from "../compressors/compressor.ts";
import type { Sampling } from "../rounds/participation.ts";
import type { RecipeUse } from "./recipe.ts";

/** Every worker takes part with probability p by itself. */
export const eachWith = (share: number): { participation?: Sampling } =>
  share === 1 ? {} : { participation: { share, draw: "each" } };

/** A share of the workers takes part, as many in every round. */
export const someOf = (share: number): { participation?: Sampling } =>
  share === 1 ? {} : { participation: { share, draw: "count" } };

/** δ such that E‖C(x) − x‖² ≤ (1 − δ)‖x‖²; undefined where there is none. */
export function contraction({ law }: Compressor, length: number): number | undefined {
  if (law.kind === "exact") return 1;
  if (law.kind === "contractive") return law.delta(length);
  if (law.kind === "unbiased" && law.omega(length) < 1) return 1 - law.omega(length);
  return undefined;
}

/** ω such that C is unbiased with variance ω‖x‖²; undefined where C is biased. */
export function variance({ law }: Compressor, length: number): number | undefined {
  if (law.kind === "exact") return 0;
  return law.kind === "unbiased" ? law.omega(length) : undefined;
}

/** Lines for compressors that are not contractive, where error feedback of any form needs them to be. */
export function notContractive(method: string, { up, down, length }: RecipeUse): string[] {
  const lines = [up, down].flatMap((compressor) => {
    const { law, name } = compressor;
    if (contraction(compressor, length) !== undefined) return [];
    const fault =
      law.kind === "unbiased"
        ? `${name} has ω = ${law.omega(length).toPrecision(3)}, not below 1, the error can grow`
        : `${name} is not, the error can grow`;
    return [`${method}: error feedback needs a contractive compressor; ${fault}`];
  });
  return [...new Set(lines)];
}

/** Lines for compressors that are not unbiased, where a method averages their errors away. */
export function notUnbiased(method: string, { up, down, length }: RecipeUse): string[] {
  const biased = [up, down].filter((compressor) => variance(compressor, length) === undefined);
  return [...new Set(biased.map(({ name }) => name))].map(
    (name) => `${method}: its guarantee needs unbiased compressors; ${name} is biased, workers can diverge`,
  );
}

/** A line for each compressor whose memory follows faster than is proved. @param alpha undefined where it is left to the law */
export function followsTooFast(
  method: string,
  alpha: number | undefined,
  compressors: readonly Compressor[],
  d: number,
): string[] {
  const limits = compressors.map((compressor) => [compressor.name, 1 / (1 + (variance(compressor, d) ?? 0))] as const);
  return [...new Map(limits)]
    .filter(([, limit]) => alpha !== undefined && alpha > limit)
    .map(([name, limit]) => `${method}: alpha ${alpha} is above 1/(1 + ω) = ${limit.toPrecision(3)} of ${name}`);
}

/** A line if the step size is above the theory's. */
export const aboveTheory = (method: string, learningRate: number, theory: number | undefined): string[] =>
  theory === undefined || learningRate <= theory
    ? []
    : [`${method}: step size ${learningRate} is above the theory's ${theory.toPrecision(3)}`];

/** A line where momentum sits after the average. */
export function momentumAfter(method: string, { momentum }: RecipeUse): string[] {
  const { factor, at } = momentum;
  if (at === "worker" || factor === 0) return [];
  const times = (1 / (1 - factor)).toFixed(0);
  return [
    `${method}: momentum ${factor} after the average amplifies delayed errors ${times} times; ` +
      `--momentum ${factor}@worker is sound`,
  ];
}
