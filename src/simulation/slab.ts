/**
 * Room for the bodies of mail. Small ones share a slab: an array buffer of its own costs more than a small body's way
 * through the whole simulator. A slab is freed once none of its bodies is held.
 */
const SLAB_BYTES = 65536;
/** Longer bodies get memory of their own. */
const SMALL = 2048;

export class Slab {
  #slab = new Uint8Array(0);
  #used = 0;

  /** A copy of a body that is given in one part or in several. */
  copy(body: Uint8Array | readonly Uint8Array[]): Uint8Array {
    if (body instanceof Uint8Array) {
      const whole = this.#take(body.length);
      whole.set(body);
      return whole;
    }
    const whole = this.#take(body.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of body) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }

  /** Aligned as memory of its own would be, for those who view the bytes as numbers. */
  #take(length: number): Uint8Array {
    if (length > SMALL) return new Uint8Array(length);
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += Math.ceil(length / 8) * 8;
    return new Uint8Array(this.#slab.buffer, start, length);
  }
}
