/**
 * The network between simulated peers: no packets, whole messages, first in first out at both ends.
 *
 * A message of S framed bytes from i to j, with rates in bytes a second and the one-way latency L:
 *
 *     start  = max(now, upFree_i)         upFree_i   = start + S/up_i
 *     first  = start + L                  the first bit is at j
 *     end    = max(first + S/up_i, max(first, downFree_j) + S/down_j)        downFree_j = end
 *
 * Messages enter a down port in the order of `first`; ties go to the lower sender, then to the message sent earlier.
 * Where j receives no slower than i sends, end = max(start + L + S/up_i, downFree_j + S/down_j).
 */
import { type Bytes, bytes, type Seconds, seconds, transferTime } from "../base/units.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import type { Tag } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";
import { type Event, PHASES, type Phase } from "./event-queue.ts";
import { latencyBetween } from "./link.ts";
import type { Station } from "./station.ts";
import type { Trace } from "./trace.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** A message about to arrive, as `mangle` sees it. */
export interface Passing {
  readonly from: PeerId;
  readonly to: PeerId;
  readonly tag: Tag;
  readonly body: Uint8Array;
}

/** What the wire does to a message; a changed body has the length of the old one on the wire. */
export type Fate = "deliver" | "drop" | "duplicate" | { readonly delay: Seconds } | { readonly body: Uint8Array };
export type Mangle = (message: Passing) => Fate;

export interface NetworkOptions {
  readonly mangle: Mangle | undefined;
  readonly trace: Trace | undefined;
  /** Unsent bytes above which `send` makes the program wait. */
  readonly queueLimit: Bytes;
}

export class Network {
  readonly time: VirtualTime;
  readonly #stations: ReadonlyMap<PeerId, Station>;
  /** Those that have not ended. */
  readonly #present: Set<Station>;
  readonly #mangle: Mangle | undefined;
  readonly #trace: Trace | undefined;
  readonly #queueLimit: Bytes;
  /** Messages sent so far, one for each receiver. */
  messages = 0;

  constructor(time: VirtualTime, stations: ReadonlyMap<PeerId, Station>, options: NetworkOptions) {
    this.time = time;
    this.#stations = stations;
    this.#present = new Set(stations.values());
    this.#mangle = options.mangle;
    this.#trace = options.trace;
    this.#queueLimit = options.queueLimit;
  }

  has(id: PeerId): boolean {
    return this.#stations.has(id);
  }

  /** Queues one body for each receiver; all share it. @returns when the sender's queue has room again */
  send(from: Station, to: readonly PeerId[], tag: Tag, body: Uint8Array): Seconds {
    const size = bytes(FRAME_BYTES + body.length);
    const { up } = from.link;
    const now = this.time.now();
    for (const id of to) {
      const receiver = this.#stations.get(id)!; // the caller refuses strangers
      const start = seconds(Math.max(now, from.upFree));
      from.upFree = seconds(start + transferTime(size, up));
      const latency = latencyBetween(from.link, receiver.link);
      this.#launch(new Transfer(this, from, receiver, tag, body, size, start, latency));
      from.meter.sent(id, size);
      this.messages += 1;
      this.#note("send", from, receiver, size, tag);
    }
    return seconds(Math.max(now, from.upFree - transferTime(this.#queueLimit, up)));
  }

  /** The first bit of a message is at its receiver. */
  arrive(message: Transfer): void {
    const fate = message.mangled ? "deliver" : (this.#mangle?.(message.passing()) ?? "deliver");
    message.mangled = true;
    if (fate === "drop") {
      this.drop(message);
    } else if (fate === "duplicate") {
      this.#note("copy", message.sender, message.receiver, message.size, message.tag);
      this.#launch(message.copy());
      this.#enterPort(message);
    } else if (fate !== "deliver" && "delay" in fate) {
      message.time = seconds(message.time + Math.max(0, fate.delay));
      this.time.queue.push(message);
    } else {
      if (fate !== "deliver") message.body = fate.body;
      this.#enterPort(message);
    }
  }

  /** The last bit of a message is at its receiver. */
  deliver(message: Transfer): void {
    const { sender, receiver, tag, body, size } = message;
    if (receiver.ended !== undefined) {
      this.drop(message);
      return;
    }
    receiver.meter.received(sender.id, size);
    const kept = receiver.mailbox.deliver(sender.id, tag, body) === "taken";
    this.#note(kept ? "deliver" : "drop", sender, receiver, size, tag);
    this.#landed(sender);
  }

  drop({ sender, receiver, size, tag }: Transfer): void {
    this.#note("drop", sender, receiver, size, tag);
    this.#landed(sender);
  }

  /** The program of a peer returned: the others lose it once its mail has arrived. */
  leave(station: Station): void {
    this.#trace?.({ kind: "leave", time: this.time.now(), from: station.id });
    this.#end(station, "its program has ended");
  }

  /** A peer stops in the middle: what has not wholly left its up port never arrives. */
  crash(station: Station): void {
    const now = this.time.now();
    this.#trace?.({ kind: "crash", time: now, from: station.id });
    for (const event of this.time.queue.pending) {
      if (event instanceof Transfer && event.sender === station && event.lastBitSent > now && !event.cancelled) {
        event.cancelled = true;
        this.drop(event);
      }
    }
    this.#end(station, "it crashed");
  }

  #end(station: Station, why: string): void {
    station.ended = why;
    this.#present.delete(station);
    if (station.inFlight === 0) this.#announce(station);
  }

  #landed(sender: Station): void {
    sender.inFlight -= 1;
    if (sender.inFlight === 0 && sender.ended !== undefined) this.#announce(sender);
  }

  #announce(gone: Station): void {
    this.time.at(this.time.now(), PHASES.loss, gone, () => {
      for (const station of this.#present) station.mailbox.lose(gone.id, gone.ended);
    });
  }

  #launch(message: Transfer): void {
    message.sender.inFlight += 1;
    this.time.queue.push(message);
  }

  #enterPort(message: Transfer): void {
    const { receiver, sender, size } = message;
    const { time: first } = message;
    const received = Math.max(first, receiver.downFree) + transferTime(size, receiver.link.down);
    const end = seconds(Math.max(first + transferTime(size, sender.link.up), received));
    receiver.downFree = end;
    message.enter(end);
    this.time.queue.push(message);
  }

  #note(kind: "send" | "deliver" | "drop" | "copy", from: Station, to: Station, size: Bytes, tag: Tag): void {
    this.#trace?.({ kind, time: this.time.now(), from: from.id, to: to.id, bytes: size, tag });
  }
}

/** A message on its way: an event that happens when its first bit arrives, and again when its last one does. */
class Transfer implements Event {
  readonly phase: Phase = PHASES.mail;
  readonly owner: PeerId;
  readonly order: number;
  readonly sender: Station;
  readonly receiver: Station;
  readonly tag: Tag;
  readonly size: Bytes;
  readonly start: Seconds;
  readonly #network: Network;
  #entered = false;
  body: Uint8Array;
  time: Seconds;
  mangled = false;
  cancelled = false;

  constructor(
    network: Network,
    sender: Station,
    receiver: Station,
    tag: Tag,
    body: Uint8Array,
    size: Bytes,
    start: Seconds,
    latency: Seconds,
  ) {
    this.#network = network;
    this.sender = sender;
    this.receiver = receiver;
    this.owner = sender.id;
    this.order = sender.events++;
    this.tag = tag;
    this.body = body;
    this.size = size;
    this.start = start;
    this.time = seconds(start + latency);
  }

  get lastBitSent(): Seconds {
    return seconds(this.start + transferTime(this.size, this.sender.link.up));
  }

  fire(): void {
    if (this.#entered) this.#network.deliver(this);
    else if (this.receiver.ended !== undefined) this.#network.drop(this);
    else this.#network.arrive(this);
  }

  /** The receiver's port takes it in until `end`. */
  enter(end: Seconds): void {
    this.#entered = true;
    this.time = end;
  }

  passing(): Passing {
    return { from: this.sender.id, to: this.receiver.id, tag: this.tag, body: this.body };
  }

  copy(): Transfer {
    const { sender, receiver, tag, body, size, start } = this;
    const twin = new Transfer(this.#network, sender, receiver, tag, body, size, start, seconds(0));
    twin.time = this.time;
    twin.mangled = true;
    return twin;
  }

  abort(): void {}
}
