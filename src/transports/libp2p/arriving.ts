/**
 * One record under way: the memory that it arrives in, and is passed on in, an ArrayBuffer of its own. What was announced but
 * has not come takes little of it.
 */

/** Taken at once for a record that announces more. */
const FIRST_BYTES = 1024 * 1024;

export class Arriving {
  readonly size: number;
  #memory: Uint8Array<ArrayBuffer>;
  #filled = 0;

  constructor(size: number) {
    this.size = size;
    this.#memory = new Uint8Array(Math.min(size, FIRST_BYTES));
  }

  /** Takes what it can of a piece. @returns how many bytes */
  take(piece: Uint8Array): number {
    const count = Math.min(piece.length, this.size - this.#filled);
    this.#makeRoom(this.#filled + count);
    this.#memory.set(count === piece.length ? piece : piece.subarray(0, count), this.#filled);
    this.#filled += count;
    return count;
  }

  /** The whole record, once it is there. */
  get whole(): Uint8Array<ArrayBuffer> | undefined {
    return this.#filled === this.size ? this.#memory : undefined;
  }

  #makeRoom(needed: number): void {
    if (needed <= this.#memory.length) return;
    const grown = new Uint8Array(Math.min(this.size, Math.max(needed, 2 * this.#memory.length)));
    grown.set(this.#memory.subarray(0, this.#filled));
    this.#memory = grown;
  }
}
