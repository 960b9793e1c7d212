/**
 * Events in any order, by time and then by rank: a heap.
 */

/** Children of an event in the heap: with four it is half as deep as with two, and siblings share a cache line. */
const ARITY_BITS = 2;
const ARITY = 2 ** ARITY_BITS;

export class EventHeap<E> {
  /** Events lie where they are until they are taken out; only their places move in the heap. */
  readonly #events: (E | undefined)[] = [];
  #free: Int32Array<ArrayBuffer> = new Int32Array(64);
  #freeCount = 0;
  /**
   * No event comes before its parent, the one at ⌊(i − 1)/4⌋. What events are compared by lies beside their places, so
   * that to move one touches none.
   */
  #times: Float64Array<ArrayBuffer> = new Float64Array(64);
  #ranks: Float64Array<ArrayBuffer> = new Float64Array(64);
  #places: Int32Array<ArrayBuffer> = new Int32Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Of the first event. */
  get time(): number {
    return this.#times[0]!;
  }

  get rank(): number {
    return this.#ranks[0]!;
  }

  get first(): E {
    return this.#events[this.#places[0]!]!;
  }

  push(event: E, time: number, rank: number): void {
    const hole = this.#size++;
    if (hole === this.#times.length) this.#grow();
    const place = this.#freeCount > 0 ? this.#free[--this.#freeCount]! : this.#events.length;
    this.#events[place] = event;
    this.#rise(hole, time, rank, place);
  }

  /** Takes out the first event. */
  pop(): void {
    const place = this.#places[0]!;
    this.#events[place] = undefined;
    this.#free[this.#freeCount++] = place;
    const last = --this.#size;
    if (last > 0) this.#sink(this.#times[last]!, this.#ranks[last]!, this.#places[last]!);
  }

  /** In no order. */
  get all(): E[] {
    return this.#events.filter((event) => event !== undefined);
  }

  clear(): void {
    this.#events.length = 0;
    this.#freeCount = 0;
    this.#size = 0;
  }

  #rise(from: number, time: number, rank: number, place: number): void {
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> ARITY_BITS;
      if (!this.#comes(time, rank, parent)) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#put(hole, time, rank, place);
  }

  /** Fills the place of the first event. */
  #sink(time: number, rank: number, place: number): void {
    const size = this.#size;
    let hole = 0;
    for (let child = 1; child < size; child = (hole << ARITY_BITS) + 1) {
      let least = child;
      const end = Math.min(child + ARITY, size);
      for (let other = child + 1; other < end; other++) {
        if (this.#comes(this.#times[other]!, this.#ranks[other]!, least)) least = other;
      }
      if (this.#comes(time, rank, least)) break;
      this.#move(least, hole);
      hole = least;
    }
    this.#put(hole, time, rank, place);
  }

  /** Whether an event of this time and rank comes before the one at `index`. */
  #comes(time: number, rank: number, index: number): boolean {
    const other = this.#times[index]!;
    return time < other || (time === other && rank < this.#ranks[index]!);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#ranks[from]!, this.#places[from]!);
  }

  #put(index: number, time: number, rank: number, place: number): void {
    this.#times[index] = time;
    this.#ranks[index] = rank;
    this.#places[index] = place;
  }

  #grow(): void {
    const length = 2 * this.#times.length;
    this.#times = copied(this.#times, new Float64Array(length));
    this.#ranks = copied(this.#ranks, new Float64Array(length));
    this.#places = copied(this.#places, new Int32Array(length));
    this.#free = copied(this.#free, new Int32Array(length));
  }
}

function copied<A extends Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(from: A, to: A): A {
  to.set(from);
  return to;
}
