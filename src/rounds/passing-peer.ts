/**
 * A peer that is as another one is: what it is asked it passes on. Those that look at or change some of it extend it.
 */
import type { Random } from "../base/random.ts";
import type { Seconds } from "../base/units.ts";
import type { Meter } from "../ports/meter.ts";
import type { Clock, Envelope, Peer, Tag, WaitOptions } from "../ports/peer.ts";
import type { PeerId, View } from "../ports/view.ts";

export class PassingPeer implements Peer {
  /** As the peer has them, or not. */
  readonly flushed?: () => Promise<void>;
  readonly expel?: (id: PeerId, why: string) => void;
  readonly #peer: Peer;

  constructor(peer: Peer) {
    this.#peer = peer;
    if (peer.flushed !== undefined) this.flushed = () => peer.flushed!();
    if (peer.expel !== undefined) this.expel = (id, why) => peer.expel!(id, why);
  }

  get id(): PeerId {
    return this.#peer.id;
  }

  get view(): View {
    return this.#peer.view;
  }

  get outdated(): boolean {
    return this.#peer.outdated;
  }

  get clock(): Clock {
    return this.#peer.clock;
  }

  get rng(): Random {
    return this.#peer.rng;
  }

  get meter(): Meter {
    return this.#peer.meter;
  }

  get signal(): AbortSignal {
    return this.#peer.signal;
  }

  send(to: PeerId | readonly PeerId[], tag: Tag, body: Uint8Array | readonly Uint8Array[]): Promise<void> {
    return this.#peer.send(to, tag, body);
  }

  receive(from: PeerId, tag: Tag, options?: WaitOptions): Promise<Uint8Array> {
    return this.#peer.receive(from, tag, options);
  }

  receiveAny(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Envelope> {
    return this.#peer.receiveAny(from, tag, options);
  }

  gather(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Map<PeerId, Uint8Array>> {
    return this.#peer.gather(from, tag, options);
  }

  recycle(body: Uint8Array): void {
    this.#peer.recycle(body);
  }

  nextView(): Promise<View> {
    return this.#peer.nextView();
  }

  work<T>(label: string, cost: Seconds | undefined, body: () => T | Promise<T>): Promise<T> {
    return this.#peer.work(label, cost, body);
  }
}
