/**
 * Totals on a wire: five f64, little-endian, in the order of `Totals`.
 */
import { CorruptError } from "../base/errors.ts";
import type { Totals } from "./result.ts";

const BYTES = 40;

export function writeTotals({ bytesUp, bytesDown, encodeMs, decodeMs, gradientMs }: Totals): Uint8Array {
  const body = new Uint8Array(BYTES);
  const view = new DataView(body.buffer);
  for (const [i, value] of [bytesUp, bytesDown, encodeMs, decodeMs, gradientMs].entries()) {
    view.setFloat64(8 * i, value, true);
  }
  return body;
}

/** @throws {CorruptError} unless they are five finite numbers of at least 0 */
export function readTotals(body: Uint8Array): Totals {
  if (body.length !== BYTES)
    throw new CorruptError("totals of a peer", { expected: `${BYTES} bytes`, got: body.length });
  const view = new DataView(body.buffer, body.byteOffset, BYTES);
  const next = (i: number): number => {
    const value = view.getFloat64(8 * i, true);
    if (Number.isFinite(value) && value >= 0) return value;
    throw new CorruptError("totals of a peer", { expected: "finite numbers of at least 0", got: value });
  };
  return { bytesUp: next(0), bytesDown: next(1), encodeMs: next(2), decodeMs: next(3), gradientMs: next(4) };
}
