/**
 * A wait of one peer for mail under one tag: for the first body of several senders, or for one body of each. A wait is
 * told what happens (mail, a lost peer, the deadline, an end) and answers whether it is over; `Mailbox` does the telling.
 */
import type { ThinwireError } from "../base/errors.ts";
import type { Tag } from "../ports/peer.ts";
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

/** The first body from any of `from`: `receive` and `receiveAny`. */
export class FirstOf implements Wait {
  readonly call: "receive" | "receiveAny";
  readonly tag: Tag;
  readonly missing: readonly PeerId[];
  readonly #resolve: (from: PeerId, body: Uint8Array) => void;
  readonly fail: (error: ThinwireError) => void;

  constructor(
    call: "receive" | "receiveAny",
    tag: Tag,
    from: readonly PeerId[],
    resolve: (from: PeerId, body: Uint8Array) => void,
    reject: (error: ThinwireError) => void,
  ) {
    this.call = call;
    this.tag = tag;
    this.missing = from;
    this.#resolve = resolve;
    this.fail = reject;
  }

  wants(from: PeerId): boolean {
    return this.missing.includes(from);
  }

  take(from: PeerId, body: Uint8Array): boolean {
    this.#resolve(from, body);
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

/** One body from each of `from`: `gather`. The map is in the order of `from`, whatever the order of arrival. */
export class EachOf implements Wait {
  readonly call = "gather";
  readonly tag: Tag;
  readonly #order: readonly PeerId[];
  readonly #missing: Set<PeerId>;
  readonly #came = new Map<PeerId, Uint8Array>();
  readonly #resolve: (bodies: Map<PeerId, Uint8Array>) => void;
  readonly fail: (error: ThinwireError) => void;

  constructor(
    tag: Tag,
    from: readonly PeerId[],
    resolve: (bodies: Map<PeerId, Uint8Array>) => void,
    reject: (error: ThinwireError) => void,
  ) {
    this.tag = tag;
    this.#order = [...from];
    this.#missing = new Set(from);
    this.#resolve = resolve;
    this.fail = reject;
  }

  get missing(): readonly PeerId[] {
    return [...this.#missing];
  }

  wants(from: PeerId): boolean {
    return this.#missing.has(from);
  }

  /** Nobody is missing any more. */
  get over(): boolean {
    return this.#missing.size === 0;
  }

  take(from: PeerId, body: Uint8Array): boolean {
    this.#came.set(from, body);
    return this.miss(from);
  }

  miss(from: PeerId): boolean {
    if (!this.#missing.delete(from) || !this.over) return false;
    this.expire();
    return true;
  }

  expire(): void {
    const bodies = new Map<PeerId, Uint8Array>();
    for (const from of this.#order) {
      const body = this.#came.get(from);
      if (body !== undefined) bodies.set(from, body);
    }
    this.#resolve(bodies);
  }
}
