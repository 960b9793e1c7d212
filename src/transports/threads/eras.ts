/**
 * What one peer knows of the views it is in and those that follow: who of its view is gone, and whether there is a newer
 * one. A peer goes on in its view until it advances to the newest.
 */
import type { PeerId, View } from "../../ports/view.ts";

export class Eras {
  #view: View;
  #newest: View;
  /** Who of the view is gone, and why. */
  #lost = new Map<PeerId, string>();
  /** Who is gone since the newest view began. */
  #lostSince = new Map<PeerId, string>();
  /** The newest view that each other peer is known to be in. */
  readonly #entered = new Map<PeerId, number>();

  constructor(view: View) {
    this.#view = view;
    this.#newest = view;
  }

  get view(): View {
    return this.#view;
  }

  /** Who of the view is gone, and why; a mailbox may share it until the next `advance`. */
  get lost(): Map<PeerId, string> {
    return this.#lost;
  }

  get outdated(): boolean {
    return this.#newest.epoch > this.#view.epoch;
  }

  /** A view follows the newest. */
  announce(view: View): void {
    if (view.epoch <= this.#newest.epoch) return;
    this.#newest = view;
    this.#lostSince = new Map();
  }

  /** A peer is gone from this view and the newest. */
  lose(id: PeerId, why: string): void {
    this.#lost.set(id, why);
    this.#lostSince.set(id, why);
  }

  /** A peer has gone on to a view. @returns why it is lost to the view of this one, if it is */
  enter(id: PeerId, epoch: number): string | undefined {
    this.#entered.set(id, epoch);
    return this.#ahead(id);
  }

  /** Goes on to the newest view. @returns it, unless this peer is in it */
  advance(): View | undefined {
    if (!this.outdated) return undefined;
    this.#view = this.#newest;
    this.#lost = new Map(this.#lostSince);
    for (const id of this.#view.members) {
      const why = this.#ahead(id);
      if (why !== undefined) this.#lost.set(id, why);
    }
    return this.#view;
  }

  #ahead(id: PeerId): string | undefined {
    const epoch = this.#entered.get(id) ?? 0;
    return epoch > this.#view.epoch ? `it has gone on to view ${epoch}` : undefined;
  }
}
