/**
 * Room for the bodies of mail. Small ones share a slab: an array buffer of its own costs more than a small body's way
 * through the whole simulator. A slab is freed once none of its bodies is held. A long body has memory of its own, which
 * serves again for another one of its length once all who read it have released it: fresh memory must be zeroed first.
 */
const SLAB_BYTES = 65536;
/** Longer bodies get memory of their own. */
const SMALL = 2048;
/** Kept for bodies to come, at most. */
const SPARE_BYTES = 2 ** 29;

export class Slab {
  #slab = new Uint8Array(0);
  #used = 0;
  /** How many will still read a long body. */
  readonly #readers = new WeakMap<Uint8Array, number>();
  /** Long bodies that nobody reads any more, by length. */
  readonly #spare = new Map<number, Uint8Array[]>();
  #spareBytes = 0;

  /** A copy of a body that is given in one part or in several. @param readers how many will release it */
  copy(body: Uint8Array | readonly Uint8Array[], readers: number): Uint8Array {
    const parts = body instanceof Uint8Array ? [body] : body;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const whole = length > SMALL ? this.#takeLong(length, readers) : this.#takeSmall(length);
    let offset = 0;
    for (const part of parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }

  /** One of its readers is done with a body. Those that are never released are left to the garbage collector. */
  release(body: Uint8Array): void {
    const readers = this.#readers.get(body);
    if (readers === undefined) return;
    if (readers > 1) {
      this.#readers.set(body, readers - 1);
      return;
    }
    this.#readers.delete(body);
    if (this.#spareBytes + body.length > SPARE_BYTES) {
      // Lengths that do not come again must not fill the room for good.
      this.#spare.clear();
      this.#spareBytes = 0;
    }
    const spare = this.#spare.get(body.length);
    if (spare === undefined) this.#spare.set(body.length, [body]);
    else spare.push(body);
    this.#spareBytes += body.length;
  }

  #takeLong(length: number, readers: number): Uint8Array {
    const spare = this.#spare.get(length)?.pop();
    if (spare !== undefined) this.#spareBytes -= length;
    const body = spare ?? new Uint8Array(length);
    this.#readers.set(body, readers);
    return body;
  }

  /** Aligned as memory of its own would be, for those who view the bytes as numbers. */
  #takeSmall(length: number): Uint8Array {
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += Math.ceil(length / 8) * 8;
    return new Uint8Array(this.#slab.buffer, start, length);
  }
}
