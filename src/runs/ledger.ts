/**
 * The ledger of a run: what every peer wrote on every wire, and the real time its codecs and model took.
 */
import type { MeterTotals } from "../ports/meter.ts";
import type { PeerId } from "../ports/view.ts";
import type { Totals } from "./result.ts";

export interface WireLine {
  /** Counts from 1; a last one that was undone included. */
  readonly exchange: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

/** What one peer's entry brought. */
export interface LedgerEntry {
  /** What the peer sent since its last entry, by receiver. */
  readonly wires: readonly WireLine[];
  /** Exchanges that are over with it, in their order, and the totals after each. */
  readonly complete: readonly { readonly exchange: number; readonly totals: Totals }[];
}

export const NOTHING: Totals = { bytesUp: 0, bytesDown: 0, encodeMs: 0, decodeMs: 0, gradientMs: 0 };

/**
 * Peers finish an exchange at different times; its totals are those of every peer right after it. Of peers that are gone,
 * and of those that were brought past an exchange, they are the last that is known.
 */
export class Ledger {
  readonly #served: boolean;
  readonly #latest = new Map<PeerId, Entry>();
  readonly #open = new Map<number, Map<PeerId, Entry>>();

  /** @param served rank 0 serves; else there is no server, and all that is written goes up */
  constructor(served: boolean) {
    this.#served = served;
  }

  /** @param members how many make this exchange */
  enter(id: PeerId, { exchange, rank, members }: Place, totals: MeterTotals): LedgerEntry {
    const before = this.#latest.get(id)?.totals.sent;
    const entry = { totals, serves: this.#served && rank === 0 };
    this.#latest.set(id, entry);
    const wires = [...totals.sent].map(([to, n]) => ({ exchange, from: id, to, bytes: n - (before?.get(to) ?? 0) }));
    const entries = this.#open.get(exchange) ?? new Map<PeerId, Entry>();
    this.#open.set(exchange, entries.set(id, entry));
    return { wires, complete: entries.size < members ? [] : this.#close(exchange) };
  }

  /** What all peers have spent. */
  sum(spent: ReadonlyMap<PeerId, MeterTotals>): Totals {
    const entries = [...spent].map(([id, totals]) => ({ totals, serves: this.#latest.get(id)?.serves ?? false }));
    return entries.reduce(plus, NOTHING);
  }

  /** Bytes written by each peer so far. */
  bytesByPeer(): ReadonlyMap<PeerId, number> {
    return new Map([...this.#latest].map(([id, { totals }]) => [id, bytesOf(totals)]));
  }

  /** All exchanges up to one that is complete. */
  #close(last: number): { exchange: number; totals: Totals }[] {
    const over = [...this.#open.keys()].filter((exchange) => exchange <= last).sort((a, b) => a - b);
    return over.map((exchange) => {
      const entries = new Map([...this.#latest, ...this.#open.get(exchange)!]);
      this.#open.delete(exchange);
      return { exchange, totals: [...entries.values()].reduce(plus, NOTHING) };
    });
  }
}

/** What a peer enters its totals for. */
export interface Place {
  readonly exchange: number;
  readonly rank: number;
  readonly members: number;
}

export interface Entry {
  readonly totals: MeterTotals;
  readonly serves: boolean;
}

const bytesOf = ({ sent }: MeterTotals): number => [...sent.values()].reduce((sum, n) => sum + n, 0);

/** What one peer has spent. */
export function totalsOf({ totals, serves }: Entry): Totals {
  const bytes = bytesOf(totals);
  const ms = (label: string) => 1000 * (totals.spent.get(label) ?? 0);
  return {
    bytesUp: serves ? 0 : bytes,
    bytesDown: serves ? bytes : 0,
    encodeMs: ms("encode"),
    decodeMs: ms("decode"),
    gradientMs: ms("gradient"),
  };
}

const plus = (sum: Totals, entry: Entry): Totals => sumOf(sum, totalsOf(entry));

/** What two stretches of one run come to. */
export const sumOf = (a: Totals, b: Totals): Totals => ({
  bytesUp: a.bytesUp + b.bytesUp,
  bytesDown: a.bytesDown + b.bytesDown,
  encodeMs: a.encodeMs + b.encodeMs,
  decodeMs: a.decodeMs + b.decodeMs,
  gradientMs: a.gradientMs + b.gradientMs,
});
