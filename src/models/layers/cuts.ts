/**
 * The places where a model may be cut: behind its linear and convolution layers and before the gates of recurrent ones, where
 * the gradient that flows back enters a layer of few bits.
 */
import type { Tensor } from "../define.ts";

let visit: ((y: Tensor) => Tensor) | undefined;

/** Traces a model of which every cut is visited, in the order of the layers. @param wanted takes y and gives what goes on */
export function visitingCuts<T>(wanted: (y: Tensor) => Tensor, trace: () => T): T {
  const outer = visit;
  visit = wanted;
  try {
    return trace();
  } finally {
    visit = outer;
  }
}

/** Whether a model is traced of which the cuts are visited. */
export const isCutting = (): boolean => visit !== undefined;

/** What a layer gives; the model may be cut here. */
export const cut = (y: Tensor): Tensor => (visit === undefined ? y : visit(y));
