/**
 * Losses: which members have lost each other, as told to the leader, which hears both. One of the two has to go, for all
 * write to all: whoever has lost half of the members; of others the younger, or the older, if it is not believed or others
 * have gone for its sake until they were half.
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

  /** Who has said for a while to have lost a member. */
  losersOf(id: PeerId): ReadonlySet<PeerId> {
    const losers = [...this.#reports].filter(([, lost]) => (lost.get(id) ?? 0) >= GRACE_TICKS);
    return new Set(losers.map(([by]) => by));
  }

  /** Who goes. @param reaches whether the leader hears a member @param distrusts whom it does not believe */
  apart(view: SwarmView, reaches: (id: PeerId) => boolean, distrusts: (id: PeerId) => boolean): ReadonlySet<PeerId> {
    const pairs = this.#pairs(view, reaches);
    const apart = new Set<PeerId>();
    const left = () => pairs.filter((pair) => !pair.some((id) => apart.has(id)));
    for (let id = lostHalf(view, left()); id !== undefined; id = lostHalf(view, left())) apart.add(id);
    for (const [older, younger] of left()) {
      if (apart.has(older) || apart.has(younger)) continue;
      this.#words.hear(older, younger, true, view);
      apart.add(distrusts(older) || this.#words.isTooMuch(older, view) ? older : younger);
    }
    return apart;
  }

  /** Who has lost each other for a while, each pair once, the older first. */
  #pairs({ members }: SwarmView, reaches: (id: PeerId) => boolean): readonly Pair[] {
    const ranks = new Map(members.map(({ id }, rank) => [id, rank]));
    const pairs = new Map<number, Pair>();
    for (const [by, lost] of this.#reports) {
      for (const [id, ticks] of lost) {
        const [one, other] = [ranks.get(by), ranks.get(id)];
        if (ticks < GRACE_TICKS || one === undefined || other === undefined || !reaches(by) || !reaches(id)) continue;
        pairs.set(Math.min(one, other) * members.length + Math.max(one, other), one < other ? [by, id] : [id, by]);
      }
    }
    return [...pairs.values()];
  }

  settle(view: SwarmView): void {
    this.#reports.clear();
    this.#words.settle(view);
  }
}

/** The older and the younger of two that have lost each other. */
type Pair = readonly [PeerId, PeerId];

/**
 * Who has lost half of the members, and most of all: it goes before others go for its sake. Of several the youngest.
 * @returns undefined if nobody has
 */
function lostHalf({ members }: SwarmView, pairs: readonly Pair[]): PeerId | undefined {
  const counts = new Map<PeerId, number>();
  for (const id of pairs.flat()) counts.set(id, (counts.get(id) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return 2 * most < members.length ? undefined : members.findLast(({ id }) => counts.get(id) === most)?.id;
}
