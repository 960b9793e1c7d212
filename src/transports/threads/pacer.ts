/**
 * Paces frames as the simulated network does (`simulation/network.ts` has the law), against a clock that others read: it
 * is told the time and tells when it wants to be told again. Ports keep their own, ideal time: to be told late changes no
 * arrival. When a frame is there is known once its first bit is: no frame that comes later goes before it.
 */
import { type Bytes, type Seconds, seconds, transferTime } from "../../base/units.ts";
import type { PeerId } from "../../ports/view.ts";
import { type Event, EventQueue, PHASES } from "../../simulation/event-queue.ts";
import { checkLink, type Link, latencyBetween } from "../../simulation/link.ts";

export interface Wire<T> {
  /** The last bit of a frame left its sender. */
  left(from: PeerId, size: Bytes): void;
  /** The first bit of a frame is at its receiver. @param due when the last one is; never before that of an earlier frame */
  arrives(from: PeerId, to: PeerId, cargo: T, due: Seconds): void;
}

interface Ports {
  readonly link: Link;
  upFree: Seconds;
  downFree: Seconds;
  /** Events that this peer's frames made. */
  events: number;
}

export class Pacer<T> {
  readonly #ports: ReadonlyMap<PeerId, Ports>;
  readonly #wire: Wire<T>;
  readonly #queue = new EventQueue();

  /** @throws {ConfigError} if a link is none */
  constructor(members: readonly PeerId[], linkOf: (id: PeerId) => Link, wire: Wire<T>) {
    const open = (id: PeerId): Ports => ({
      link: checkLink(linkOf(id), id),
      upFree: seconds(0),
      downFree: seconds(0),
      events: 0,
    });
    this.#ports = new Map(members.map((id) => [id, open(id)]));
    this.#wire = wire;
  }

  /** A frame of `size` bytes enters the up port of its sender. @param now when it was sent, up to a moment ago */
  send(now: Seconds, from: PeerId, to: PeerId, size: Bytes, cargo: T): void {
    this.advance(now);
    const sender = this.#ports.get(from)!; // both are members: the sending thread refuses strangers
    const receiver = this.#ports.get(to)!;
    const crossing = transferTime(size, sender.link.up);
    const start = Math.max(now, sender.upFree);
    sender.upFree = seconds(start + crossing);
    this.#at(sender.upFree, from, () => this.#wire.left(from, size));
    const first = seconds(start + latencyBetween(sender.link, receiver.link));
    this.#at(first, from, () => {
      const received = Math.max(first, receiver.downFree) + transferTime(size, receiver.link.down);
      receiver.downFree = seconds(Math.max(first + crossing, received));
      this.#wire.arrives(from, to, cargo, receiver.downFree);
    });
  }

  /** Calls back when all that a peer has sent has left its up port. */
  flush(now: Seconds, from: PeerId, flushed: () => void): void {
    this.advance(now);
    this.#at(seconds(Math.max(now, this.#ports.get(from)!.upFree)), from, flushed);
  }

  /** Everything up to `now` happens. */
  advance(now: Seconds): void {
    for (let first = this.#queue.first(); first !== undefined && first.time <= now; first = this.#queue.first()) {
      this.#queue.pop();
      first.fire();
    }
  }

  /** When something happens next; infinite when nothing is under way. */
  get next(): Seconds {
    return this.#queue.first()?.time ?? seconds(Number.POSITIVE_INFINITY);
  }

  #at(time: Seconds, owner: PeerId, fire: () => void): void {
    const order = this.#ports.get(owner)!.events++;
    const event: Event = { time, phase: PHASES.mail, owner, order, cancelled: false, fire, abort: () => {} };
    this.#queue.push(event);
  }
}
