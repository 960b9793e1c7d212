/**
 * Events that come in the order in which they happen: a ring, into which one enters and leaves at no cost.
 */
export class EventRun<E> {
  #events: (E | undefined)[] = new Array(64).fill(undefined);
  #times: Float64Array<ArrayBuffer> = new Float64Array(64);
  #ranks: Float64Array<ArrayBuffer> = new Float64Array(64);
  #begin = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Of the first event. */
  get time(): number {
    return this.#times[this.#begin]!;
  }

  get rank(): number {
    return this.#ranks[this.#begin]!;
  }

  get first(): E {
    return this.#events[this.#begin]!;
  }

  /** Enters an event behind all others, unless it happens before the last one. @returns whether it did */
  take(event: E, time: number, rank: number): boolean {
    const size = this.#size;
    if (size > 0) {
      const last = (this.#begin + size - 1) & (this.#times.length - 1);
      const until = this.#times[last]!;
      if (time < until || (time === until && rank < this.#ranks[last]!)) return false;
      if (size === this.#times.length) this.#grow();
    }
    const place = (this.#begin + size) & (this.#times.length - 1);
    this.#events[place] = event;
    this.#times[place] = time;
    this.#ranks[place] = rank;
    this.#size = size + 1;
    return true;
  }

  /** Takes out the first event. */
  pop(): void {
    this.#events[this.#begin] = undefined;
    this.#begin = (this.#begin + 1) & (this.#times.length - 1);
    this.#size -= 1;
  }

  /** In no order. */
  get all(): E[] {
    return this.#events.filter((event) => event !== undefined);
  }

  clear(): void {
    this.#events.fill(undefined);
    this.#size = 0;
  }

  /** The ring is full: it begins at 0 again, with as much room behind it. */
  #grow(): void {
    const { length } = this.#times;
    const begin = this.#begin;
    this.#events = [
      ...this.#events.slice(begin),
      ...this.#events.slice(0, begin),
      ...new Array(length).fill(undefined),
    ];
    this.#times = unrolled(this.#times, begin);
    this.#ranks = unrolled(this.#ranks, begin);
    this.#begin = 0;
  }
}

function unrolled(ring: Float64Array<ArrayBuffer>, begin: number): Float64Array<ArrayBuffer> {
  const line = new Float64Array(2 * ring.length);
  line.set(ring.subarray(begin));
  line.set(ring.subarray(0, begin), ring.length - begin);
  return line;
}
