/**
 * The scratch at the bottom of the kernels' memory: a vector from elsewhere is copied into a slot piece by piece, worked
 * on there, and copied back where the kernel wrote it. Pieces are whole blocks of the law of sums, and small enough to
 * stay in the second-level cache. A vector that lies in the kernels' memory needs no slot: its own address is used.
 */
import { SLOT_BYTES, SLOTS_ADDRESS } from "./addresses.ts";
import type { Arena } from "./arena.ts";

type Entries = Float32Array | Uint32Array | Int16Array | Uint16Array | Uint8Array;

/** A place for one argument of a kernel. `E` is the argument's kind of array. */
export class Slot<E extends Entries> {
  readonly #arena: ArrayBufferLike;
  readonly #address: number;
  /** The slot as an array of the argument's kind, made once: a piece is copied without a new view. */
  readonly #entries: E;

  /** @param index which slot; slots used in one call must differ @param kind the argument's kind of array */
  constructor(
    arena: Arena,
    index: number,
    kind: { new (buffer: ArrayBuffer, offset: number, length: number): E; readonly BYTES_PER_ELEMENT: number },
  ) {
    this.#arena = arena.buffer;
    this.#address = SLOTS_ADDRESS + index * SLOT_BYTES;
    this.#entries = new kind(arena.buffer, this.#address, SLOT_BYTES / kind.BYTES_PER_ELEMENT);
  }

  /** True where `x` is worked on in place. */
  holds(x: E): boolean {
    return x.buffer === this.#arena;
  }

  /** Address of entries `from` … `from + count − 1` of `x`, for reading, and for writing if `store` follows. */
  load(x: E, from: number, count: number): number {
    if (x.buffer === this.#arena) return x.byteOffset + from * x.BYTES_PER_ELEMENT;
    this.#entries.set(count === x.length ? x : x.subarray(from, from + count));
    return this.#address;
  }

  /** Address for entries from `from` on that the kernel overwrites without reading; `store` must follow. */
  room(x: E, from: number): number {
    return x.buffer === this.#arena ? x.byteOffset + from * x.BYTES_PER_ELEMENT : this.#address;
  }

  /** Puts `count` entries back into `x` at `from`. */
  store(x: E, from: number, count: number): void {
    if (x.buffer === this.#arena) return;
    x.set(count === this.#entries.length ? this.#entries : this.#entries.subarray(0, count), from);
  }
}
