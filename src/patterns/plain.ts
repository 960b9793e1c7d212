/**
 * Vectors that travel as plain f32.
 */
import { NonFiniteError } from "../base/errors.ts";
import { checkLength } from "../base/layout.ts";
import { ByteSource } from "../coding/bytes.ts";
import { kernels } from "../kernels/index.ts";

export const NOTHING: Uint8Array = new Uint8Array(0);

export const bytesOf = (x: Float32Array): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);

/** @throws {CorruptError} unless there are as many entries */
export function valuesOf(message: Uint8Array, length: number, where: string): Float32Array {
  const source = new ByteSource(message, where);
  const values = source.f32s(length);
  source.end();
  return values;
}

/** `into` becomes this member's share, zeros if it has none. @throws {NonFiniteError} */
export function takeOwn(own: Float32Array | null, into: Float32Array, where: string): void {
  if (own === null) {
    into.fill(0);
    return;
  }
  checkLength(own, into.length, where);
  if (!kernels.allFinite(own)) {
    const hint = "The training may have diverged: try a smaller learning rate.";
    throw new NonFiniteError(where, { expected: "finite entries", got: "NaN or infinity", hint });
  }
  into.set(own);
}
