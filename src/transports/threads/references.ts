/**
 * Shared memory by number. Each time a SharedArrayBuffer crosses a port, the other side gets a new object for it, and the
 * garbage collector takes each for new memory of that size: at two megabytes a message it collects without end. So a
 * block crosses a port once, with a number; from then on the number stands for it.
 */
import { assert } from "../../base/errors.ts";

/** A frame as it crosses a port: itself where it is transferred, else its place in a block that both sides know. */
export type FrameReference =
  | Uint8Array
  | {
      readonly block: number;
      /** With the first reference to the block. */
      readonly memory?: SharedArrayBuffer;
      readonly offset: number;
      readonly length: number;
    };

/** The sending side of a port. */
export class Introductions {
  readonly #numbers = new WeakMap<SharedArrayBuffer, number>();
  #next = 0;

  refer(frame: Uint8Array): FrameReference {
    const { buffer: memory, byteOffset: offset, length } = frame;
    if (!(memory instanceof SharedArrayBuffer)) return frame;
    const known = this.#numbers.get(memory);
    if (known !== undefined) return { block: known, offset, length };
    const block = this.#next++;
    this.#numbers.set(memory, block);
    return { block, memory, offset, length };
  }
}

/** The receiving side. It keeps every block it was told of: as many as the pools of the senders have. */
export class Acquaintances {
  readonly #blocks = new Map<number, SharedArrayBuffer>();

  resolve(reference: FrameReference): Uint8Array {
    if (reference instanceof Uint8Array) return reference;
    const { block, offset, length } = reference;
    if (reference.memory !== undefined) this.#blocks.set(block, reference.memory);
    const memory = this.#blocks.get(block);
    assert(memory !== undefined, "a block is introduced with its first frame");
    return new Uint8Array(memory, offset, length);
  }
}
