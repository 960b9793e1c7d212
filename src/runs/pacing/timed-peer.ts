/**
 * Measures how long what a peer sends keeps its up port busy, while the program goes on.
 */
import type { Kind, Tag } from "../../ports/peer.ts";
import type { PeerId } from "../../ports/view.ts";
import { PassingPeer } from "../../rounds/passing-peer.ts";

/** Sums since the last look. */
export interface Sendings {
  /** Seconds in which the port was busy. */
  readonly busy: number;
  /** Bytes of bodies that went out in them, once for each receiver, by what they are about. */
  readonly bytes: ReadonlyMap<Kind, number>;
  /** Seconds from the beginnings of rounds to the first sendings. */
  readonly before: number;
  /** Rounds in which something was sent. */
  readonly rounds: number;
}

/** A peer that is as it is, with a stopwatch on what it sends. */
export class TimedPeer extends PassingPeer {
  #busy = 0;
  #bytes = new Map<Kind, number>();
  #before = 0;
  #rounds = 0;
  /** Sendings that have not wholly left. */
  #leaving = 0;
  #since = 0;
  /** When this round began, until something is sent. */
  #began: number | undefined;

  /** A round begins, and the stopwatch with it. */
  begin(): void {
    this.#began = this.clock.now();
  }

  /** What was measured since the last call. */
  take(): Sendings {
    this.#count();
    const sendings = { busy: this.#busy, bytes: this.#bytes, before: this.#before, rounds: this.#rounds };
    this.#busy = 0;
    this.#bytes = new Map();
    this.#before = 0;
    this.#rounds = 0;
    return sendings;
  }

  override send(to: PeerId | readonly PeerId[], tag: Tag, body: Uint8Array | readonly Uint8Array[]): Promise<void> {
    if (this.#began !== undefined) {
      this.#before += this.clock.now() - this.#began;
      this.#rounds += 1;
      this.#began = undefined;
    }
    const size = body instanceof Uint8Array ? body.length : body.reduce((sum, { length }) => sum + length, 0);
    const receivers = typeof to === "number" ? 1 : to.length;
    const sending = super.send(to, tag, body);
    if (this.flushed !== undefined) this.#time(this.flushed(), tag.kind, size * receivers);
    return sending;
  }

  #time(flushed: Promise<void>, kind: Kind, size: number): void {
    this.#count();
    this.#leaving += 1;
    const left = () => {
      this.#count();
      this.#leaving -= 1;
      this.#bytes.set(kind, (this.#bytes.get(kind) ?? 0) + size);
    };
    flushed.then(left, () => {}); // a run that is torn down measures nothing
  }

  /** The port was busy until now, if anything was leaving. */
  #count(): void {
    const now = this.clock.now();
    if (this.#leaving > 0) this.#busy += now - this.#since;
    this.#since = now;
  }
}
