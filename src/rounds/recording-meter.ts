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

/** Sums by key. A map of numbers would make a new one for each that is added, and most keys are the one before. */
class Tally<K> {
  readonly #places = new Map<K, number>();
  readonly #sums: number[] = [];
  #last: K | undefined;
  #place = 0;

  add(key: K, amount: number): void {
    if (key !== this.#last) {
      this.#place = this.#places.get(key) ?? this.#open(key);
      this.#last = key;
    }
    this.#sums[this.#place]! += amount;
  }

  /** In the order in which the keys came. */
  sums(): Map<K, number> {
    return new Map([...this.#places].map(([key, place]) => [key, this.#sums[place]!]));
  }

  #open(key: K): number {
    const place = this.#sums.push(0) - 1;
    this.#places.set(key, place);
    return place;
  }
}

/** The sum over all links or labels. */
export function total(sums: ReadonlyMap<unknown, number>): number {
  let sum = 0;
  for (const amount of sums.values()) sum += amount;
  return sum;
}
