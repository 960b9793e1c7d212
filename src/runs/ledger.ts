/**
 * The ledger of a run: what every peer wrote on every wire, and the real time its codecs and model took.
 */
import type { MeterTotals } from "../ports/meter.ts";
import type { PeerId, View } from "../ports/view.ts";
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
  /** The totals after the exchange, once this entry was the last one missing. */
  readonly complete: Totals | undefined;
}

export const NOTHING: Totals = { bytesUp: 0, bytesDown: 0, encodeMs: 0, decodeMs: 0, gradientMs: 0 };

/** Peers finish an exchange at different times; its totals are those of every peer right after it. */
export class Ledger {
  readonly #server: PeerId | undefined;
  readonly #members: number;
  readonly #sent = new Map<PeerId, ReadonlyMap<PeerId, number>>();
  readonly #open = new Map<number, { entries: number; totals: Totals }>();

  /** @param served rank 0 serves; else there is no server, and all that is written goes up */
  constructor(view: View, served: boolean) {
    this.#server = served ? view.members[0] : undefined;
    this.#members = view.members.length;
  }

  enter(id: PeerId, exchange: number, own: MeterTotals): LedgerEntry {
    const before = this.#sent.get(id);
    this.#sent.set(id, own.sent);
    const wires = [...own.sent].map(([to, n]) => ({ exchange, from: id, to, bytes: n - (before?.get(to) ?? 0) }));
    const { entries, totals } = this.#open.get(exchange) ?? { entries: 0, totals: NOTHING };
    const sum = this.#plus(totals, id, own);
    if (entries + 1 === this.#members) {
      this.#open.delete(exchange);
      return { wires, complete: sum };
    }
    this.#open.set(exchange, { entries: entries + 1, totals: sum });
    return { wires, complete: undefined };
  }

  #plus(totals: Totals, id: PeerId, { sent, spent }: MeterTotals): Totals {
    const bytes = [...sent.values()].reduce((sum, n) => sum + n, 0);
    const serves = id === this.#server;
    const ms = (label: string) => 1000 * (spent.get(label) ?? 0);
    return {
      bytesUp: totals.bytesUp + (serves ? 0 : bytes),
      bytesDown: totals.bytesDown + (serves ? bytes : 0),
      encodeMs: totals.encodeMs + ms("encode"),
      decodeMs: totals.decodeMs + ms("decode"),
      gradientMs: totals.gradientMs + ms("gradient"),
    };
  }
}

/** What two stretches of one run come to. */
export const sumOf = (a: Totals, b: Totals): Totals => ({
  bytesUp: a.bytesUp + b.bytesUp,
  bytesDown: a.bytesDown + b.bytesDown,
  encodeMs: a.encodeMs + b.encodeMs,
  decodeMs: a.decodeMs + b.decodeMs,
  gradientMs: a.gradientMs + b.gradientMs,
});
