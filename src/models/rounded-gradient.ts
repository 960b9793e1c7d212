/**
 * Gradients of few bits: each tensor rounded at random to evenly spaced levels between its least and its largest entry, so
 * that the mean of many roundings is the gradient itself.
 */
import type { Layout } from "../base/layout.ts";
import { tensorOf } from "../base/layout.ts";
import type { Random } from "../base/random.ts";

/** Rounds in place. @param bits of a level, 1 to 16 */
export function roundGradient(gradient: Float32Array, layout: Layout, bits: number, rng: Random): void {
  for (const slot of layout.tensors) roundAtRandom(tensorOf(gradient, slot), bits, rng.split(slot.name));
}

function roundAtRandom(values: Float32Array, bits: number, rng: Random): void {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const step = (high - low) / (2 ** bits - 1);
  if (!(step > 0) || !Number.isFinite(step)) return; // all equal, or no numbers: nothing to round
  for (let i = 0; i < values.length; i++) {
    const level = Math.floor((values[i]! - low) / step + rng.uniform(i));
    values[i] = low + Math.min(level, 2 ** bits - 1) * step;
  }
}
