import { NonFiniteError } from "../base/errors.ts";
import type { ByteSink } from "../coding/bytes.ts";

/** The error of a compressor whose input holds NaN or infinity. */
export const nonFiniteInput = (compressor: string): NonFiniteError =>
  new NonFiniteError(`compressor ${compressor}`, {
    expected: "finite entries",
    got: "NaN or infinity",
    hint: "The training may have diverged: try a smaller learning rate.",
  });

/** Takes back the message begun at `start` unless its input was finite. @throws {NonFiniteError} */
export function refuseUnlessFinite(finite: boolean, compressor: string, into: ByteSink, start: number): void {
  if (finite) return;
  into.rewind(start);
  throw nonFiniteInput(compressor);
}

/** The error of a compressor that sends a norm, for entries whose norm an f32 cannot hold. */
export const overflowingNorm = (compressor: string): NonFiniteError =>
  new NonFiniteError(`compressor ${compressor}`, {
    expected: "a norm within f32",
    got: "entries so large that it overflows",
    hint: "The training may have diverged: try a smaller learning rate.",
  });
