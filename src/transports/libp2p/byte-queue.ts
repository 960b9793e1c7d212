/**
 * Bytes that came in pieces of any size and are taken in others. Its memory is at most a few times what lies in it, however
 * small the pieces were.
 */
import { assert } from "../../base/errors.ts";

/** An empty queue keeps no more than this. */
const KEPT_BYTES = 64 * 1024;

export class ByteQueue {
  #memory = new Uint8Array(0);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  push(piece: Uint8Array): void {
    if (this.#end + piece.length > this.#memory.length) this.#makeRoom(piece.length);
    this.#memory.set(piece, this.#end);
    this.#end += piece.length;
  }

  /** The first bytes, where they lie: valid until the next push or take. */
  peek(count: number): Uint8Array {
    assert(count <= this.length, `${count} bytes of ${this.length}`);
    return this.#memory.subarray(this.#start, this.#start + count);
  }

  /** The first bytes, in memory of their own. */
  take(count: number): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.peek(count));
    this.#start += count;
    if (this.length === 0) {
      this.#start = 0;
      this.#end = 0;
      if (this.#memory.length > KEPT_BYTES) this.#memory = new Uint8Array(0);
    }
    return taken;
  }

  #makeRoom(more: number): void {
    const needed = this.length + more;
    const memory = needed > this.#memory.length / 2 ? new Uint8Array(2 * needed) : this.#memory;
    memory.set(this.#memory.subarray(this.#start, this.#end));
    this.#memory = memory;
    this.#end = this.length;
    this.#start = 0;
  }
}
