/**
 * The kernels' memory: vectors that lie in it are worked on in place. It is one WebAssembly memory of fixed size, for
 * growing it would detach every view; pages cost nothing until they are touched. At the bottom lies the scratch through
 * which vectors from elsewhere are streamed; above it vectors are handed out one behind the other.
 */
import { VECTORS_ADDRESS } from "./addresses.ts";

const PAGE_BYTES = 65536;
const MEBIBYTES_TO_TRY = [1024, 256, 64, 16];

/** A claim on the kernels' memory. */
export interface Lease {
  /**
   * Ends the claim; a second call does nothing. When the last open lease ends, all memory handed out since the first of
   * them began is taken back, and the vectors in it must not be used any more: they will be handed out again.
   */
  release(): void;
}

export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly buffer: ArrayBuffer;
  #next = VECTORS_ADDRESS;
  /** Above it nothing was ever handed out, so everything is zero. */
  #highWater = VECTORS_ADDRESS;
  #openLeases = 0;
  #nextBeforeLeases = VECTORS_ADDRESS;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.buffer = memory.buffer;
  }

  /** The largest arena that this machine grants; undefined where there is no WebAssembly or no room. */
  static create(): Arena | undefined {
    if (typeof WebAssembly === "undefined") return undefined;
    for (const mebibytes of MEBIBYTES_TO_TRY) {
      const pages = (mebibytes * 2 ** 20) / PAGE_BYTES;
      try {
        return new Arena(new WebAssembly.Memory({ initial: pages, maximum: pages }));
      } catch {
        // Not granted: a phone or a capped process. A smaller one may be.
      }
    }
    return undefined;
  }

  /** A zeroed f32 vector; undefined when there is no room. */
  vector(length: number): Float32Array | undefined {
    const start = this.#take(4 * length);
    return start === undefined ? undefined : new Float32Array(this.buffer, start, length);
  }

  /** Zeroed bytes; undefined when there is no room. */
  bytes(length: number): Uint8Array | undefined {
    const start = this.#take(length);
    return start === undefined ? undefined : new Uint8Array(this.buffer, start, length);
  }

  lease(): Lease {
    if (this.#openLeases === 0) this.#nextBeforeLeases = this.#next;
    this.#openLeases += 1;
    let open = true;
    return {
      release: () => {
        if (!open) return;
        open = false;
        this.#openLeases -= 1;
        if (this.#openLeases === 0) this.#next = this.#nextBeforeLeases;
      },
    };
  }

  /** Start of `count` zeroed bytes, 64-byte aligned: a cache line each, so that loads of v128 never straddle two. */
  #take(count: number): number | undefined {
    const start = this.#next;
    const end = start + Math.ceil(count / 64) * 64;
    if (end > this.buffer.byteLength) return undefined;
    if (start < this.#highWater) new Uint8Array(this.buffer, start, Math.min(end, this.#highWater) - start).fill(0);
    this.#next = end;
    this.#highWater = Math.max(this.#highWater, end);
    return start;
  }
}
