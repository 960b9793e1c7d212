import { NonFiniteError } from "../base/errors.ts";

/** The error of a compressor whose input holds NaN or infinity. */
export const nonFiniteInput = (compressor: string): NonFiniteError =>
  new NonFiniteError(`compressor ${compressor}`, {
    expected: "finite entries",
    got: "NaN or infinity",
    hint: "The training may have diverged: try a smaller learning rate.",
  });
