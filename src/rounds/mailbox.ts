/**
 * Mailbox: the mail of one peer, filed by tag and sender, and the waits that claim it. Every adapter of `Peer` puts what
 * its wire brings into one, so the laws of `receive`, `receiveAny` and `gather` hold in all of them:
 *
 * - a message is claimed once, by the wait that asked first, whether it came before the wait or after it;
 * - a wait that is aborted or times out claims nothing (a gather that times out resolves with what it has);
 * - a second message under the same (epoch, sender, tag) is dropped;
 * - a wait on a lost peer rejects, once the mail that the peer left behind is claimed.
 *
 * A wait is settled inside the call that settles it (`deliver`, `lose`, `enter`, the timer, the abort), so its program
 * runs on in the next microtask and never needs another turn of the event loop.
 */
import { Aborted, assert, DeadlineError, PeerLost, type ThinwireError } from "../base/errors.ts";
import { type Bytes, bytes, formatSeconds, type Seconds } from "../base/units.ts";
import { type Envelope, type Tag, tagKey, type WaitOptions } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";
import { EachOf, FirstOf, OneOf, type Wait } from "./wait.ts";

/** Calls back once after a time, virtual or real; the function it returns cancels. */
export type After = (delay: Seconds, callback: () => void) => () => void;

export interface MailLimits {
  /** Unclaimed messages that one sender may have here. */
  readonly messagesPerSender: number;
  /** Unclaimed bytes of bodies that one sender may have here. */
  readonly bytesPerSender: Bytes;
  /** Duplicates of claimed mail are recognised under at least this many tags, the last ones; later they are filed. */
  readonly rememberedTags: number;
}

export const defaultMailLimits: MailLimits = {
  messagesPerSender: 4096,
  bytesPerSender: bytes(2 ** 30),
  rememberedTags: 64,
};

export interface MailboxOptions {
  /** Whose mail this is, for error texts. */
  readonly owner: PeerId;
  /** The timer of deadlines. */
  readonly after: After;
  /** When it aborts, every wait, also a later one, rejects with `Aborted`. */
  readonly signal: AbortSignal;
  readonly limits?: Partial<MailLimits>;
  /** Who is gone, and why; mailboxes of one process may share it. `lose` adds to it. */
  readonly lost?: Map<PeerId, string>;
  /** The epoch of the first view; default 0. */
  readonly epoch?: number;
}

/**
 * What became of a message: `taken` (claimed or filed), `duplicate`, `stale` (its epoch is over), or `refused` (its
 * sender has as much unclaimed mail here as the limits allow). Of all but the first nothing is kept.
 */
export type Delivery = "taken" | "duplicate" | "stale" | "refused";

interface EarlyMail {
  readonly from: PeerId;
  readonly tag: Tag;
  readonly body: Uint8Array;
  readonly epoch: number;
}

/** Where the mail of one tag lies, or is waited for. */
class Pigeonhole {
  key: number | string;
  /** Unclaimed, in order of arrival. */
  mail: Map<PeerId, Uint8Array> | undefined;
  /** How many wait here. */
  waits = 0;
  /** Whose mail was claimed. Most holes see one sender and are kept for long: a Set for each would take most memory. */
  #claimed: PeerId | undefined;
  #alsoClaimed: Set<PeerId> | undefined;

  constructor(key: number | string) {
    this.key = key;
  }

  get inUse(): boolean {
    return this.waits > 0 || (this.mail !== undefined && this.mail.size > 0);
  }

  wasClaimed(from: PeerId): boolean {
    return from === this.#claimed || this.#alsoClaimed?.has(from) === true;
  }

  claim(from: PeerId): void {
    if (this.#claimed === undefined) {
      this.#claimed = from;
    } else {
      this.#alsoClaimed ??= new Set();
      this.#alsoClaimed.add(from);
    }
  }

  /** To serve under another tag. */
  clear(): void {
    this.mail = undefined;
    this.#claimed = undefined;
    this.#alsoClaimed = undefined;
  }
}

/** A wait under way, in a list of them. */
class Waiting {
  readonly wait: Wait;
  readonly hole: Pigeonhole;
  /** Stops its timer. */
  cancel: (() => void) | undefined;
  /** That asked after this one; also known once this one is over. */
  next: Waiting | undefined;

  constructor(wait: Wait, hole: Pigeonhole) {
    this.wait = wait;
    this.hole = hole;
  }
}

export class Mailbox {
  readonly #owner: PeerId;
  readonly #after: After;
  readonly #signal: AbortSignal;
  /** The signal is; asked at every wait, and dear to ask the signal. */
  #aborted: boolean;
  readonly #limits: MailLimits;
  #lost: Map<PeerId, string>;
  readonly #isLost = (id: PeerId): boolean => this.#lost.has(id);
  #epoch: number;

  /** By tag, the oldest first; those in which nothing lies or waits are kept for their duplicates, up to the limit. */
  readonly #holes = new Map<number | string, Pigeonhole>();
  /** The oldest wait; the list goes on from it. */
  #waits: Waiting | undefined;
  #waiting = 0;
  /** A pigeonhole that was closed, for the next tag. */
  #closed: Pigeonhole | undefined;
  /** Most mail is waited for where a pigeonhole was opened last. */
  #newest: Pigeonhole | undefined;
  readonly #unclaimed = new Map<PeerId, { messages: number; bytes: number }>();
  /** Mail of epochs that have not begun here. */
  #early: EarlyMail[] = [];

  constructor(options: MailboxOptions) {
    this.#owner = options.owner;
    this.#after = options.after;
    this.#signal = options.signal;
    this.#limits = { ...defaultMailLimits, ...options.limits };
    this.#lost = options.lost ?? new Map();
    this.#epoch = options.epoch ?? 0;
    this.#aborted = this.#signal.aborted;
    this.#signal.addEventListener("abort", () => this.#abort(), { once: true });
  }

  /** The epoch whose mail is claimed now. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The waits under way, the oldest first. */
  get waits(): readonly Wait[] {
    const all: Wait[] = [];
    for (let waiting = this.#waits; waiting !== undefined; waiting = waiting.next) all.push(waiting.wait);
    return all;
  }

  /** How many waits are under way. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Hands a message to the wait that asked first, or files it. The body is kept, not copied. */
  deliver(from: PeerId, tag: Tag, body: Uint8Array, epoch: number = this.#epoch): Delivery {
    if (epoch < this.#epoch) return "stale";
    if (epoch > this.#epoch) {
      if (!this.#admit(from, body)) return "refused";
      this.#early.push({ from, tag, body, epoch });
      return "taken";
    }
    const key = tagKey(tag);
    const hole = this.#find(key);
    if (hole !== undefined) {
      if (hole.wasClaimed(from) || hole.mail?.has(from)) return "duplicate";
      for (let waiting = this.#waits; waiting !== undefined; waiting = waiting.next) {
        if (waiting.hole !== hole || !waiting.wait.wants(from)) continue;
        hole.claim(from);
        if (waiting.wait.take(from, body)) this.#end(waiting);
        return "taken";
      }
    }
    if (!this.#admit(from, body)) return "refused";
    const filed = hole ?? this.#open(key);
    filed.mail ??= new Map();
    filed.mail.set(from, body);
    return "taken";
  }

  /** `from` is gone: waits on it reject, also later ones, but what it left here can still be received. */
  lose(from: PeerId, why = "it left"): void {
    this.#lost.set(from, why);
    for (let waiting = this.#waits; waiting !== undefined; waiting = waiting.next) {
      const { wait } = waiting;
      if (wait.wants(from) && wait.miss(from, this.#isLost, () => this.#gone(wait, from))) this.#end(waiting);
    }
  }

  /**
   * A new view begins: unclaimed mail of older epochs is dropped, waits end as if their senders were lost, and mail that
   * came ahead of the view is filed.
   * @param lost who of the new view is gone, and why
   */
  enter(epoch: number, lost: Map<PeerId, string> = this.#lost): void {
    assert(epoch > this.#epoch, `epoch ${epoch} cannot follow epoch ${this.#epoch}`);
    this.#epoch = epoch;
    this.#lost = lost;
    this.#holes.clear();
    this.#newest = undefined;
    this.#unclaimed.clear();
    this.#endAll((wait) =>
      wait.expire(() => new PeerLost(this.#where(wait), { expected: "mail before the view changed", got: epoch })),
    );
    const early = this.#early;
    this.#early = [];
    for (const mail of early) this.deliver(mail.from, mail.tag, mail.body, mail.epoch);
  }

  /** @see Peer.receive */
  receive(from: PeerId, tag: Tag, options?: WaitOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const wait = new OneOf(tag, from, resolve, reject);
      if (this.#aborted) return wait.fail(this.#abortOf(wait));
      const hole = this.#hole(tag);
      const body = hole.mail?.get(from);
      if (body !== undefined) this.#claim(hole, wait, from, body);
      else if (this.#isLost(from)) wait.fail(this.#gone(wait, from));
      else this.#begin(hole, wait, options);
    });
  }

  /** @see Peer.receiveAny Mail that is here already is taken in order of arrival. */
  receiveAny(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Envelope> {
    return new Promise((resolve, reject) => {
      const wait = new FirstOf(tag, from, resolve, reject);
      if (this.#aborted) return wait.fail(this.#abortOf(wait));
      const hole = this.#hole(tag);
      for (const [sender, body] of hole.mail ?? []) {
        if (wait.wants(sender)) return this.#claim(hole, wait, sender, body);
      }
      if (from.every(this.#isLost)) wait.fail(this.#gone(wait, from[0]));
      else this.#begin(hole, wait, options);
    });
  }

  /** @see Peer.gather The map is in the order of `from`. */
  gather(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Map<PeerId, Uint8Array>> {
    return new Promise((resolve, reject) => {
      const wait = new EachOf(tag, from, resolve, reject);
      if (this.#aborted) return wait.fail(this.#abortOf(wait));
      const hole = this.#hole(tag);
      for (const [sender, body] of hole.mail ?? []) {
        if (wait.wants(sender)) this.#claim(hole, wait, sender, body);
      }
      for (const sender of this.#lost.keys()) {
        if (wait.wants(sender)) wait.miss(sender);
      }
      if (from.length === 0) wait.expire();
      else if (!wait.over) this.#begin(hole, wait, options);
    });
  }

  #begin(hole: Pigeonhole, wait: Wait, options: WaitOptions | undefined): void {
    const waiting = new Waiting(wait, hole);
    const deadline = options?.deadline;
    if (deadline !== undefined) {
      waiting.cancel = this.#after(deadline, () => {
        this.#end(waiting);
        wait.expire(() => this.#late(wait, deadline));
      });
    }
    hole.waits += 1;
    this.#waiting += 1;
    let last = this.#waits;
    while (last?.next !== undefined) last = last.next;
    if (last === undefined) this.#waits = waiting;
    else last.next = waiting;
  }

  #end(waiting: Waiting): void {
    waiting.hole.waits -= 1;
    this.#waiting -= 1;
    if (this.#waits === waiting) {
      this.#waits = waiting.next;
    } else {
      let before = this.#waits;
      while (before !== undefined && before.next !== waiting) before = before.next;
      if (before !== undefined) before.next = waiting.next;
    }
    waiting.cancel?.();
  }

  #endAll(settle: (wait: Wait) => void): void {
    for (let waiting = this.#waits; waiting !== undefined; waiting = waiting.next) {
      this.#end(waiting);
      settle(waiting.wait);
    }
  }

  /** Gives filed mail to a wait, and remembers it against duplicates. */
  #claim(hole: Pigeonhole, wait: Wait, from: PeerId, body: Uint8Array): void {
    hole.mail?.delete(from);
    hole.claim(from);
    const held = this.#unclaimed.get(from);
    if (held !== undefined) {
      held.messages -= 1;
      held.bytes -= body.length;
    }
    wait.take(from, body);
  }

  #hole(tag: Tag): Pigeonhole {
    const key = tagKey(tag);
    return this.#find(key) ?? this.#open(key);
  }

  #find(key: number | string): Pigeonhole | undefined {
    return this.#newest?.key === key ? this.#newest : this.#holes.get(key);
  }

  /** A new pigeonhole; if they are too many the oldest is closed, unless it is in use: then it becomes the newest. */
  #open(key: number | string): Pigeonhole {
    const hole = this.#closed ?? new Pigeonhole(key);
    hole.key = key;
    this.#closed = undefined;
    this.#newest = hole;
    this.#holes.set(key, hole);
    if (this.#holes.size > this.#limits.rememberedTags) this.#closeOldest(hole);
    return hole;
  }

  #closeOldest(newest: Pigeonhole): void {
    const hole = this.#holes.values().next().value;
    if (hole === undefined || hole === newest) return;
    this.#holes.delete(hole.key);
    if (hole.inUse) {
      this.#holes.set(hole.key, hole);
    } else {
      hole.clear();
      this.#closed = hole;
    }
  }

  /** Whether the sender may leave one more unclaimed body here; if so it is counted. */
  #admit(from: PeerId, body: Uint8Array): boolean {
    let held = this.#unclaimed.get(from);
    if (held === undefined) {
      held = { messages: 0, bytes: 0 };
      this.#unclaimed.set(from, held);
    }
    const { messagesPerSender, bytesPerSender } = this.#limits;
    if (held.messages + 1 > messagesPerSender || held.bytes + body.length > bytesPerSender) return false;
    held.messages += 1;
    held.bytes += body.length;
    return true;
  }

  #where(wait: Wait): string {
    return `peer ${this.#owner}: ${wait.call} of ${wait.tag.kind}, round ${wait.tag.round}`;
  }

  #gone(wait: Wait, from: PeerId | undefined): ThinwireError {
    if (from === undefined) return new PeerLost(this.#where(wait), { expected: "at least one sender", got: "none" });
    const why = `peer ${from} is gone: ${this.#lost.get(from)}`;
    return new PeerLost(this.#where(wait), { expected: `mail from ${named(wait.missing)}`, got: why });
  }

  #late(wait: Wait, deadline: Seconds): ThinwireError {
    const got = `none within ${formatSeconds(deadline)}`;
    return new DeadlineError(this.#where(wait), { expected: `mail from ${named(wait.missing)}`, got });
  }

  #abort(): void {
    this.#aborted = true;
    this.#endAll((wait) => wait.fail(this.#abortOf(wait)));
  }

  #abortOf(wait: Wait): ThinwireError {
    return new Aborted(this.#where(wait), {
      expected: `mail from ${named(wait.missing)}`,
      got: "an abort",
      cause: this.#signal.reason,
    });
  }
}

/** `peer 3`, `peers 1, 2, 5`, `peers 0, 1, 2, 3, 4, ... (1000)`. */
export function named(ids: readonly PeerId[]): string {
  if (ids.length === 1) return `peer ${ids[0]}`;
  if (ids.length <= 8) return `peers ${ids.join(", ")}`;
  return `peers ${ids.slice(0, 5).join(", ")}, ... (${ids.length})`;
}
