/**
 * Membership of a simulated swarm: a sequence of views, each a little later than the change it tells of. A peer goes on in
 * its view until its program asks for the next one; it then gets the newest, and its mailbox enters that epoch.
 */
import type { PeerId, View } from "../ports/view.ts";

/** A view, and what its members know of each other. */
export interface Era {
  readonly view: View;
  readonly members: ReadonlySet<PeerId>;
  /** Members that are gone, and why; the mailboxes of the era share it. */
  readonly lost: Map<PeerId, string>;
}

/** Whoever is in an era. */
export interface Member {
  readonly era: Era;
  enter(era: Era): void;
}

export class Membership {
  readonly #workers: ReadonlySet<PeerId>;
  readonly #waiting = new Map<Member, (view: View) => void>();
  /** Eras with members in them, and how many. */
  readonly #inhabited = new Map<Era, number>();
  #era: Era;

  constructor(first: View) {
    this.#workers = new Set(first.workers);
    this.#era = eraOf(first);
  }

  /** The newest. */
  get era(): Era {
    return this.#era;
  }

  /** A member begins in the newest era. */
  settle(): void {
    this.#count(this.#era, 1);
  }

  /** A member has ended: it hears of no more views. */
  forget(member: Member): void {
    this.#waiting.delete(member);
    this.#count(member.era, -1);
  }

  /** All who knew a member know that it is gone. */
  lose(id: PeerId, why: string): void {
    for (const { members, lost } of this.#inhabited.keys()) if (members.has(id)) lost.set(id, why);
  }

  /** A view without a member that is gone. */
  remove(id: PeerId): void {
    this.#change(this.#era.view.members.filter((other) => other !== id));
  }

  /** A peer is back, behind all others in rank: what it knows is old. */
  add(id: PeerId): void {
    this.#change([...this.#era.view.members.filter((other) => other !== id), id]);
  }

  /** Calls back with the next view, now or when there is one. */
  next(member: Member, callback: (view: View) => void): void {
    if (member.era === this.#era) this.#waiting.set(member, callback);
    else this.#advance(member, callback);
  }

  /** Whether a member waits for a view. */
  get awaited(): boolean {
    return this.#waiting.size > 0;
  }

  #change(members: readonly PeerId[]): void {
    const epoch = this.#era.view.epoch + 1;
    this.#era = eraOf({ epoch, members, workers: members.filter((id) => this.#workers.has(id)) });
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [member, callback] of waiting) this.#advance(member, callback);
  }

  #advance(member: Member, callback: (view: View) => void): void {
    this.#count(member.era, -1);
    this.#count(this.#era, 1);
    member.enter(this.#era);
    callback(this.#era.view);
  }

  #count(era: Era, by: 1 | -1): void {
    const left = (this.#inhabited.get(era) ?? 0) + by;
    if (left === 0) this.#inhabited.delete(era);
    else this.#inhabited.set(era, left);
  }
}

const eraOf = (view: View): Era => ({ view, members: new Set(view.members), lost: new Map() });
