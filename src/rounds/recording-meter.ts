/**
 * A meter that adds up: framed bytes by link, real time by label of work.
 */
import type { Bytes, Seconds } from "../base/units.ts";
import type { Meter, MeterTotals } from "../ports/meter.ts";
import type { PeerId } from "../ports/view.ts";

export class RecordingMeter implements Meter {
  readonly #sent = new Map<PeerId, number>();
  readonly #received = new Map<PeerId, number>();
  readonly #spent = new Map<string, number>();

  sent(to: PeerId, size: Bytes): void {
    add(this.#sent, to, size);
  }

  received(from: PeerId, size: Bytes): void {
    add(this.#received, from, size);
  }

  spent(label: string, time: Seconds): void {
    add(this.#spent, label, time);
  }

  totals(): MeterTotals {
    return { sent: new Map(this.#sent), received: new Map(this.#received), spent: new Map(this.#spent) };
  }
}

function add<K>(sums: Map<K, number>, key: K, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}

/** The sum over all links or labels. */
export function total(sums: ReadonlyMap<unknown, number>): number {
  let sum = 0;
  for (const amount of sums.values()) sum += amount;
  return sum;
}
