/**
 * Options that several optimizers have.
 */
import { number, type Option } from "../base/options.ts";

export { choice, flag, number, type Option, type Options, optionalNumber } from "../base/options.ts";

/** The weight of the past in an exponential average. */
export const weight = (meaning: string, fallback: number): Option<number> =>
  number(meaning, fallback, { min: 0, below: 1 });

/** ε of a denominator. */
export const epsilon = (fallback: number): Option<number> =>
  number("ε, keeps the denominator from 0", fallback, { min: 0 });
