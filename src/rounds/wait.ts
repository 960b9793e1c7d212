/**
 * A wait of one peer for mail under one tag: for the body of one sender, the first of several, or one of each. A wait is
 * told what happens (mail, a lost peer, the deadline, an end) and answers whether it is over; `Mailbox` does the telling.
 */
import type { ThinwireError } from "../base/errors.ts";
import type { Envelope, Tag } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";

export interface Wait {
  readonly call: "receive" | "receiveAny" | "gather";
  readonly tag: Tag;
  /** Senders whose mail this wait would still take. */
  readonly missing: readonly PeerId[];
  wants(from: PeerId): boolean;
  /** Mail from a sender that `wants` named. */
  take(from: PeerId, body: Uint8Array): boolean;
  /** No more mail will come from a sender that `wants` named; `isLost` tells who else is gone. */
  miss(from: PeerId, isLost: (id: PeerId) => boolean, error: () => ThinwireError): boolean;
  /** Ends the wait with what it has: a first-of rejects with the error, a gather resolves. */
  expire(error: () => ThinwireError): void;
  /** Ends the wait with an error whatever it has. */
  fail(error: ThinwireError): void;
}

/** The body of one sender: `receive`. */
export class OneOf implements Wait {
  readonly call = "receive";
  readonly tag: Tag;
  readonly #from: PeerId;
  readonly #resolve: (body: Uint8Array) => void;
  readonly fail: (error: ThinwireError) => void;

  constructor(tag: Tag, from: PeerId, resolve: (body: Uint8Array) => void, reject: (error: ThinwireError) => void) {
    this.tag = tag;
    this.#from = from;
    this.#resolve = resolve;
    this.fail = reject;
  }

  get missing(): readonly PeerId[] {
    return [this.#from];
  }

  wants(from: PeerId): boolean {
    return from === this.#from;
  }

  take(_from: PeerId, body: Uint8Array): boolean {
    this.#resolve(body);
    return true;
  }

  miss(_from: PeerId, _isLost: (id: PeerId) => boolean, error: () => ThinwireError): boolean {
    this.fail(error());
    return true;
  }

  expire(error: () => ThinwireError): void {
    this.fail(error());
  }
}

/** The first body from any of `from`: `receiveAny`. */
export class FirstOf implements Wait {
  readonly call = "receiveAny";
  readonly tag: Tag;
  readonly missing: readonly PeerId[];
  readonly #resolve: (first: Envelope) => void;
  readonly fail: (error: ThinwireError) => void;

  constructor(
    tag: Tag,
    from: readonly PeerId[],
    resolve: (first: Envelope) => void,
    reject: (error: ThinwireError) => void,
  ) {
    this.tag = tag;
    this.missing = from;
    this.#resolve = resolve;
    this.fail = reject;
  }

  wants(from: PeerId): boolean {
    return this.missing.includes(from);
  }

  take(from: PeerId, body: Uint8Array): boolean {
    this.#resolve({ from, body });
    return true;
  }

  miss(_from: PeerId, isLost: (id: PeerId) => boolean, error: () => ThinwireError): boolean {
    if (!this.missing.every(isLost)) return false;
    this.fail(error());
    return true;
  }

  expire(error: () => ThinwireError): void {
    this.fail(error());
  }
}

/** Holds the place of a body that has not come. */
const MISSING = new Uint8Array(0);

/** One body from each of `from`: `gather`. The map is in the order of `from`, whatever the order of arrival. */
export class EachOf implements Wait {
  readonly call = "gather";
  readonly tag: Tag;
  readonly #bodies: Map<PeerId, Uint8Array>;
  /** How many of them have not come. */
  #awaited: number;
  readonly #resolve: (bodies: Map<PeerId, Uint8Array>) => void;
  readonly fail: (error: ThinwireError) => void;

  constructor(
    tag: Tag,
    from: readonly PeerId[],
    resolve: (bodies: Map<PeerId, Uint8Array>) => void,
    reject: (error: ThinwireError) => void,
  ) {
    this.tag = tag;
    this.#bodies = new Map();
    for (const id of from) this.#bodies.set(id, MISSING);
    this.#awaited = this.#bodies.size;
    this.#resolve = resolve;
    this.fail = reject;
  }

  get missing(): readonly PeerId[] {
    return [...this.#bodies.keys()].filter((id) => this.wants(id));
  }

  wants(from: PeerId): boolean {
    return this.#bodies.get(from) === MISSING;
  }

  /** Nobody is missing any more. */
  get over(): boolean {
    return this.#awaited === 0;
  }

  take(from: PeerId, body: Uint8Array): boolean {
    this.#bodies.set(from, body);
    return this.#settled();
  }

  miss(from: PeerId): boolean {
    this.#bodies.delete(from);
    return this.#settled();
  }

  expire(): void {
    for (const id of this.missing) this.#bodies.delete(id);
    this.#resolve(this.#bodies);
  }

  #settled(): boolean {
    this.#awaited -= 1;
    if (this.over) this.#resolve(this.#bodies);
    return this.over;
  }
}
