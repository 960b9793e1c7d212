/**
 * How far a tensor may be trusted to move in one step: in proportion to its own norm.
 */
import type { StepReport } from "./optimizer.ts";

/** size/of, or 1 where either is 0: a tensor that starts at 0 must move. */
export const trustRatio = (size: number, of: number): number => (size > 0 && of > 0 ? size / of : 1);

export const trustReport = (ratios: Float64Array): StepReport => ({
  trustRatioMin: ratios.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
  trustRatioMax: ratios.reduce((a, b) => Math.max(a, b), 0),
});
