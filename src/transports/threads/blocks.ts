/**
 * Where frames lie on their way between threads. A large frame lies in a block of shared memory: it is written once,
 * read in place by all that it is sent to, and its block is used again when all have handed it back. A block's first
 * word counts them, so handing back takes no message. Small frames are transferred, a buffer each.
 *
 * Blocks that are never handed back would pile up out of sight of the garbage collector; so their number is bounded, and
 * beyond the bound large frames are transferred too, a copy each.
 */
import { FRAME_BYTES } from "../../coding/frame.ts";

/** Below it, transferring a buffer costs less than looking after a block. */
const SHARED_BYTES_MIN = 16 * 1024;
const POOL_BYTES_MAX = 64 * 2 ** 20;

/** The counter, and padding so that the body starts at a multiple of 32 bytes. */
const PREFIX_BYTES = 8;

interface Block {
  readonly size: number;
  /** One word: how many still read the block. */
  readonly readers: Int32Array;
  readonly bytes: Uint8Array;
}

export class BlockPool {
  #blocks: Block[] = [];
  #bytes = 0;

  /** Room for a frame that `readers` threads will read; undefined where it should be transferred instead. */
  take(frameBytes: number, readers: number): Uint8Array | undefined {
    if (frameBytes < SHARED_BYTES_MIN) return undefined;
    const size = 2 ** Math.ceil(Math.log2(frameBytes + PREFIX_BYTES));
    const block =
      this.#blocks.find((block) => block.size === size && Atomics.load(block.readers, 0) === 0) ?? this.#open(size);
    if (block === undefined) return undefined;
    Atomics.store(block.readers, 0, readers);
    return block.bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + frameBytes);
  }

  /** Lets go of all blocks: some lie with a thread that ended and will not hand them back. */
  forget(): void {
    this.#blocks = [];
    this.#bytes = 0;
  }

  #open(size: number): Block | undefined {
    if (this.#bytes + size > Math.max(POOL_BYTES_MAX, 2 * size)) return undefined;
    const memory = new SharedArrayBuffer(size);
    const block = { size, readers: new Int32Array(memory, 0, 1), bytes: new Uint8Array(memory) };
    this.#blocks.push(block);
    this.#bytes += size;
    return block;
  }
}

/** Room for a frame that is transferred. */
export const ownFrame = (bodyBytes: number): Uint8Array<ArrayBuffer> => new Uint8Array(FRAME_BYTES + bodyBytes);

export const isShared = (frame: Uint8Array): boolean => frame.buffer instanceof SharedArrayBuffer;

/** One reader is done with a frame; to be called once by each. Frames that were transferred need it not. */
export function handBack(frame: Uint8Array): void {
  if (frame.buffer instanceof SharedArrayBuffer) Atomics.sub(new Int32Array(frame.buffer, 0, 1), 0, 1);
}

/** What `postMessage` has to be told to transfer. */
export const transferOf = (frame: Uint8Array): ArrayBuffer[] =>
  frame.buffer instanceof ArrayBuffer ? [frame.buffer] : [];
