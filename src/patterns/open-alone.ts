/**
 * An exchange with a memory of its own that settles each round by itself: for tests and benchmarks of one view.
 */
import type { Layout } from "../base/layout.ts";
import type { NamedVectors } from "../base/state.ts";
import type { Peer } from "../ports/peer.ts";
import { settle } from "../rounds/settlement.ts";
import { ExchangeMemory } from "./exchange-memory.ts";
import type { Exchange, PatternSettings } from "./pattern.ts";

export interface Alone {
  save(): NamedVectors;
  restore(saved: NamedVectors): void;
}

interface Opens<E extends Exchange> {
  open(peer: Peer, layout: Layout, settings: PatternSettings, memory: ExchangeMemory): E;
}

export function openAlone<E extends Exchange>(
  pattern: Opens<E>,
  peer: Peer,
  layout: Layout,
  settings: PatternSettings,
): E & Alone {
  const memory = new ExchangeMemory();
  const exchange = pattern.open(peer, layout, settings, memory);
  const average = exchange.average.bind(exchange);
  return Object.assign(exchange, {
    average: (...round: Parameters<Exchange["average"]>) => settle(memory, () => average(...round)),
    save: () => memory.save(),
    restore(saved: NamedVectors) {
      memory.restore(saved);
      if (memory.mirrors) exchange.forgetAbsences?.(false);
    },
  });
}
