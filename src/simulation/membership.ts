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
  readonly id: PeerId;
  readonly era: Era;
}

export class Membership<M extends Member> {
  readonly #workers: ReadonlySet<PeerId>;
  readonly #enter: (member: M, era: Era) => void;
  readonly #waiting = new Map<M, (view: View) => void>();
  /** Members whose programs have returned. */
  readonly #done = new Set<PeerId>();
  /** Eras with members in them, and how many. */
  readonly #inhabited = new Map<Era, number>();
  #era: Era;

  constructor(first: View, enter: (member: M, era: Era) => void) {
    this.#workers = new Set(first.workers);
    this.#enter = enter;
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
  forget(member: M): void {
    this.#waiting.delete(member);
    this.#count(member.era, -1);
  }

  /** All who knew a member know that it is gone. */
  lose(id: PeerId, why: string): void {
    const eras = new Set([...this.#inhabited.keys(), this.#era]); // some may yet enter the newest
    for (const { members, lost } of eras) if (members.has(id)) lost.set(id, why);
  }

  /** A member is in this view, and what it sent in older ones has arrived. @returns why those who are still there lose it */
  wentOn(id: PeerId, { epoch }: View): string {
    const why = `it went on to view ${epoch}`;
    for (const { members, lost, view } of this.#inhabited.keys()) {
      if (view.epoch < epoch && members.has(id)) lost.set(id, why);
    }
    return why;
  }

  /** A view without a member that is gone. */
  remove(id: PeerId): void {
    this.#change(this.#era.view.members.filter((other) => other !== id));
  }

  /** A peer is back, behind all others in rank: what it knows is old. */
  add(id: PeerId): void {
    this.#change([...this.#era.view.members.filter((other) => other !== id), id]);
  }

  /** A member has no more to do. That changes nothing for the others until there is another view, which it is not in. */
  finish(id: PeerId): void {
    this.#done.add(id);
    if (this.awaited) this.#dismiss();
  }

  /** Calls back with the next view, now or when there is one. */
  next(member: M, callback: (view: View) => void): void {
    if (member.era !== this.#era) {
      this.#advance(member, callback);
      return;
    }
    this.#waiting.set(member, callback);
    this.#dismiss();
  }

  #dismiss(): void {
    const { members } = this.#era.view;
    if (members.some((id) => this.#done.has(id))) this.#change(members);
  }

  /** Whether a member waits for a view. */
  get awaited(): boolean {
    return this.#waiting.size > 0;
  }

  #change(all: readonly PeerId[]): void {
    const members = all.filter((id) => !this.#done.has(id));
    const epoch = this.#era.view.epoch + 1;
    this.#era = eraOf({ epoch, members, workers: members.filter((id) => this.#workers.has(id)) });
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [member, callback] of waiting) this.#advance(member, callback);
  }

  #advance(member: M, callback: (view: View) => void): void {
    this.#count(member.era, -1);
    this.#count(this.#era, 1);
    this.#enter(member, this.#era);
    callback(this.#era.view);
  }

  #count(era: Era, by: 1 | -1): void {
    const left = (this.#inhabited.get(era) ?? 0) + by;
    if (left === 0) this.#inhabited.delete(era);
    else this.#inhabited.set(era, left);
  }
}

const eraOf = (view: View): Era => ({ view, members: new Set(view.members), lost: new Map() });
