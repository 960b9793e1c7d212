/**
 * Losses: which members have lost each other, as told to the leader, which hears both. One of the two has to go, for all
 * write to all: the younger; or the older, if it is not believed or has lost half of the others in this way.
 */
import type { PeerId } from "../../ports/view.ts";
import type { SwarmView } from "./swarm-view.ts";
import { Words } from "./words.ts";

/** Ticks after which two members that have lost each other are believed. */
export const GRACE_TICKS = 2;

export class Losses {
  /** Who has lost whom, and how many ticks ago. */
  readonly #reports = new Map<PeerId, Map<PeerId, number>>();
  /** For whose sake others have gone. */
  readonly #words = new Words<true>();

  lost(by: PeerId, id: PeerId): void {
    const lost = this.#reports.get(by) ?? new Map<PeerId, number>();
    this.#reports.set(by, lost);
    if (!lost.has(id)) lost.set(id, 0);
  }

  /** @returns whether it had lost it */
  found(by: PeerId, id: PeerId): boolean {
    return this.#reports.get(by)?.delete(id) ?? false;
  }

  tick(): void {
    for (const lost of this.#reports.values()) for (const [id, ticks] of lost) lost.set(id, ticks + 1);
  }

  /** Who goes. @param reaches whether the leader hears a member @param distrusts whom it does not believe */
  apart(view: SwarmView, reaches: (id: PeerId) => boolean, distrusts: (id: PeerId) => boolean): ReadonlySet<PeerId> {
    const apart = new Set<PeerId>();
    const rank = (id: PeerId) => view.members.findIndex((member) => member.id === id);
    for (const [by, lost] of this.#reports) {
      for (const [id, ticks] of lost) {
        if (ticks < GRACE_TICKS || apart.has(by) || apart.has(id)) continue;
        if (!reaches(by) || !reaches(id) || rank(by) < 0) continue;
        const [older, younger] = rank(by) < rank(id) ? [by, id] : [id, by];
        this.#words.hear(older, younger, true, view);
        apart.add(distrusts(older) || this.#words.isTooMuch(older, view) ? older : younger);
      }
    }
    return apart;
  }

  settle(view: SwarmView): void {
    this.#reports.clear();
    this.#words.settle(view);
  }
}
