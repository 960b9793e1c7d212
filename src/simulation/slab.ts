/**
 * Room for the bodies of mail. Small ones share a slab: an array buffer of its own costs more than a small body's way
 * through the whole simulator. A slab is freed once none of its bodies is held. A long body serves again for another one
 * of its length once all who read it have released it: fresh memory must be zeroed first. Where one length comes again
 * and again, bodies are made several at a time: memory for one alone takes five times as long.
 */
const SLAB_BYTES = 65536;
/** Longer bodies are long. */
const SMALL = 2048;
/** Of long bodies that are made at once. */
const CHUNK_BYTES = 2 ** 20;
/** Kept for bodies to come, at most. */
const SPARE_BYTES = 2 ** 29;

/** Long bodies of one length. */
interface Shelf {
  /** That nobody reads. */
  readonly spare: Uint8Array[];
  made: number;
}

export class Slab {
  #slab = new Uint8Array(0);
  #used = 0;
  /** How many will still read a long body. */
  readonly #readers = new WeakMap<Uint8Array, number>();
  /** By length. */
  readonly #shelves = new Map<number, Shelf>();
  #spareBytes = 0;

  /** A copy of a body that is given in one part or in several. @param readers how many will release it */
  copy(body: Uint8Array | readonly Uint8Array[], readers: number): Uint8Array {
    if (body instanceof Uint8Array) {
      const whole = this.#take(body.length, readers);
      whole.set(body);
      return whole;
    }
    let length = 0;
    for (const part of body) length += part.length;
    const whole = this.#take(length, readers);
    let offset = 0;
    for (const part of body) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }

  #take(length: number, readers: number): Uint8Array {
    return length > SMALL ? this.#takeLong(length, readers) : this.#takeSmall(length);
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
    this.#keep(body);
  }

  #keep(body: Uint8Array): void {
    if (this.#spareBytes + body.length > SPARE_BYTES) {
      // Lengths that do not come again must not fill the room for good.
      this.#shelves.clear();
      this.#spareBytes = 0;
    }
    this.#shelf(body.length).spare.push(body);
    this.#spareBytes += body.length;
  }

  #shelf(length: number): Shelf {
    let shelf = this.#shelves.get(length);
    if (shelf === undefined) {
      shelf = { spare: [], made: 0 };
      this.#shelves.set(length, shelf);
    }
    return shelf;
  }

  #takeLong(length: number, readers: number): Uint8Array {
    const shelf = this.#shelf(length);
    if (shelf.spare.length === 0) this.#stock(shelf, length);
    const body = shelf.spare.pop()!;
    this.#spareBytes -= length;
    this.#readers.set(body, readers);
    return body;
  }

  /** As many bodies again as were made before, within bounds. */
  #stock(shelf: Shelf, length: number): void {
    const stride = aligned(length);
    const count = Math.max(1, Math.min(shelf.made, Math.floor(CHUNK_BYTES / stride)));
    const chunk = new ArrayBuffer(count * stride);
    for (let i = 0; i < count; i++) shelf.spare.push(new Uint8Array(chunk, i * stride, length));
    shelf.made += count;
    this.#spareBytes += count * length;
  }

  /** Aligned as memory of its own would be, for those who view the bytes as numbers. */
  #takeSmall(length: number): Uint8Array {
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += aligned(length);
    return new Uint8Array(this.#slab.buffer, start, length);
  }
}

const aligned = (length: number): number => Math.ceil(length / 8) * 8;
