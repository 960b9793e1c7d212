/**
 * What a peer measured: bytes where they are written, real time where it is spent. The ledger reads it.
 */
import type { Bytes, Seconds } from "../base/units.ts";
import type { PeerId } from "./view.ts";

/** Since the run began. Plain data: it crosses threads. */
export interface MeterTotals {
  /** Framed bytes sent, by receiver. */
  readonly sent: ReadonlyMap<PeerId, number>;
  /** Framed bytes received, by sender. */
  readonly received: ReadonlyMap<PeerId, number>;
  /** Real seconds, by label. */
  readonly spent: ReadonlyMap<string, number>;
}

export interface Meter {
  /** A frame of `size` bytes (header included) left for `to`. */
  sent(to: PeerId, size: Bytes): void;
  /** A frame of `size` bytes (header included) arrived from `from`. */
  received(from: PeerId, size: Bytes): void;
  /** Real time spent in a piece of work, by its label: "gradient", "encode", "decode", "optimizer", "evaluate". */
  spent(label: string, time: Seconds): void;
  /** A snapshot. */
  totals(): MeterTotals;
}
