/**
 * The kernels in use and the memory in which they work in place.
 *
 * A job takes a lease, allocates its vectors with `vector`, and releases the lease when it ends. A vector allocated while
 * no lease is open is never taken back.
 */
import { Arena, type Lease } from "./arena.ts";
import type { Kernels } from "./kernels.ts";
import { simd } from "./simd.ts";
import { twin } from "./twin.ts";
import { loadWasm } from "./wasm.ts";

export type { Lease } from "./arena.ts";
export type { Kernels } from "./kernels.ts";
export { twin } from "./twin.ts";

const memory = Arena.create();
const wasm = memory && (await loadWasm(memory));
/** Memory is of use only to kernels that work in it. */
const arena = wasm && memory;

/** SIMD where WebAssembly has it, else the twin. */
export const kernels: Kernels = wasm && arena ? simd(wasm, arena) : twin;

/** A zeroed vector, in the kernels' memory while there is room. */
export const vector = (length: number): Float32Array => arena?.vector(length) ?? new Float32Array(length);

/** Zeroed bytes for messages, in the kernels' memory while there is room. */
export const bytesVector = (length: number): Uint8Array => arena?.bytes(length) ?? new Uint8Array(length);

/** Zeroed u32 words, in the kernels' memory while there is room. */
export function wordsVector(length: number): Uint32Array {
  const raw = bytesVector(4 * length);
  return new Uint32Array(raw.buffer, raw.byteOffset, length);
}

/** Claims the kernels' memory until released; see `Lease`. */
export const leaseVectors = (): Lease => arena?.lease() ?? { release: () => {} };
