/**
 * What models of symbols share. A row holds a run of symbols; the target of each is the one that follows it.
 */
import { numpy as np } from "@jax-js/jax";
import { ConfigError } from "../../base/errors.ts";
import type { DataShape, Tensor } from "../define.ts";
import { crossEntropy } from "../losses.ts";

/** How many symbols a row has. @throws {ConfigError} if rows are no sequences */
export function contextOf({ inputShape }: DataShape, where: string): number {
  const [context, ...more] = inputShape;
  if (context !== undefined && more.length === 0) return context;
  throw new ConfigError(where, {
    expected: "rows of symbols, as text:FILE gives them",
    got: `inputs of shape [${inputShape}]`,
  });
}

/**
 * Mean cross-entropy over all positions, in nats per symbol.
 * @param scores [rows, positions, classes]
 * @param x the symbols, [rows, positions]
 * @param y the symbol after each row, [rows]
 */
export function nextSymbolLoss(scores: Tensor, x: Tensor, y: Tensor): Tensor {
  const [rows = 1, positions = 1, classes = 1] = scores.shape;
  const later = x.astype(np.int32).slice([], [1, positions]);
  const targets = np.concatenate([later, y.reshape([rows, 1])], 1);
  return crossEntropy(scores.reshape([rows * positions, classes]), targets.reshape([rows * positions]));
}

/** The scores of the symbol after each row. */
export const lastScores = (scores: Tensor): Tensor => scores.slice([], (scores.shape[1] ?? 1) - 1);
