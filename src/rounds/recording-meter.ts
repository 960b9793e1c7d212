/**
 * A meter that adds up: framed bytes by link, real time by label of work.
 */
import type { Bytes, Seconds } from "../base/units.ts";
import type { Meter, MeterTotals } from "../ports/meter.ts";
import type { PeerId } from "../ports/view.ts";

export class RecordingMeter implements Meter {
  readonly #sent = new Tally<PeerId>();
  readonly #received = new Tally<PeerId>();
  readonly #spent = new Tally<string>();

  sent(to: PeerId, size: Bytes): void {
    this.#sent.add(to, size);
  }

  received(from: PeerId, size: Bytes): void {
    this.#received.add(from, size);
  }

  spent(label: string, time: Seconds): void {
    this.#spent.add(label, time);
  }

  totals(): MeterTotals {
    return { sent: this.#sent.sums(), received: this.#received.sums(), spent: this.#spent.sums() };
  }
}

/**
 * Sums by key. Most keys are the one before, so what is added under one is summed here first, beside the key: a meter is
 * told of every message, and where there are many peers each place that it looks at is far away.
 */
class Tally<K> {
  #last: K | undefined;
  #recent = 0;
  /** A map of numbers would make a new one for each that is added. */
  readonly #places = new Map<K, number>();
  readonly #sums: number[] = [];

  add(key: K, amount: number): void {
    if (key !== this.#last) {
      this.#enter();
      this.#last = key;
    }
    this.#recent += amount;
  }

  /** In the order in which the keys came. */
  sums(): Map<K, number> {
    this.#enter();
    return new Map([...this.#places].map(([key, place]) => [key, this.#sums[place]!]));
  }

  #enter(): void {
    if (this.#last === undefined) return;
    const place = this.#places.get(this.#last);
    if (place === undefined) this.#places.set(this.#last, this.#sums.push(this.#recent) - 1);
    else this.#sums[place]! += this.#recent;
    this.#recent = 0;
  }
}

/** The sum over all links or labels. */
export function total(sums: ReadonlyMap<unknown, number>): number {
  let sum = 0;
  for (const amount of sums.values()) sum += amount;
  return sum;
}
