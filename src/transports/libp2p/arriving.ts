/**
 * One record under way: the memory that it arrives in, and is passed on in. A large one arrives in a block that is used again
 * when its reader has handed it back, a small one in an ArrayBuffer of its own. What was announced but has not come takes
 * little of either.
 */
import { type BlockPool, handBack, isShared } from "../threads/blocks.ts";
import { copyBytes } from "../threads/copy-bytes.ts";

/** Taken at once for a record that announces more. */
const FIRST_BYTES = 1024 * 1024;

export class Arriving {
  readonly size: number;
  readonly #blocks: BlockPool;
  #memory: Uint8Array;
  #filled = 0;

  constructor(size: number, blocks: BlockPool) {
    this.size = size;
    this.#blocks = blocks;
    this.#memory = this.#room(Math.min(size, FIRST_BYTES));
  }

  /** Takes what it can of a piece. @returns how many bytes */
  take(piece: Uint8Array): number {
    const count = Math.min(piece.length, this.size - this.#filled);
    this.#makeRoom(this.#filled + count);
    put(count === piece.length ? piece : piece.subarray(0, count), this.#memory, this.#filled);
    this.#filled += count;
    return count;
  }

  /** The whole record, once it is there; to be handed back. */
  get whole(): Uint8Array | undefined {
    return this.#filled === this.size ? this.#memory : undefined;
  }

  /** The rest will not come. */
  drop(): void {
    handBack(this.#memory);
  }

  #makeRoom(needed: number): void {
    if (needed <= this.#memory.length) return;
    const grown = this.#room(Math.min(this.size, Math.max(needed, 2 * this.#memory.length)));
    put(this.#memory.subarray(0, this.#filled), grown, 0);
    handBack(this.#memory);
    this.#memory = grown;
  }

  #room(size: number): Uint8Array {
    return this.#blocks.take(size, 1) ?? new Uint8Array(size);
  }
}

function put(bytes: Uint8Array, memory: Uint8Array, at: number): void {
  if (isShared(memory)) copyBytes(bytes, memory.subarray(at, at + bytes.length));
  else memory.set(bytes, at);
}
