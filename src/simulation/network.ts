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
 *
 * A message that is lost on its way, or whose checksum fails at its end, is sent again, through the port and into the
 * ledger once more: for the k-th time RTO·2^(k − 1), at most a minute, after its last bit had left, RTO = max(0.2 s, 4L).
 */
import { type Bytes, bytes, type Seconds, seconds, transferTime } from "../base/units.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import type { Tag } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";
import { type Event, PHASES, type Phase } from "./event-queue.ts";
import { latencyBetween } from "./link.ts";
import type { Era } from "./membership.ts";
import type { Station } from "./station.ts";
import type { Loss, Trace } from "./trace.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** A message about to arrive, as `mangle` sees it. */
export interface Passing {
  readonly from: PeerId;
  readonly to: PeerId;
  readonly tag: Tag;
  readonly body: Uint8Array;
  /** Of its first bit at the receiver. */
  readonly time: Seconds;
  /** Counts the attempts of its sender. */
  readonly serial: number;
}

/**
 * What the wire does to a message: "lose" and "corrupt" ones are sent again, "drop" is for ever. A changed body has the
 * length of the old one on the wire.
 */
export type Fate =
  | "deliver"
  | "drop"
  | "lose"
  | "corrupt"
  | "duplicate"
  | { readonly delay: Seconds }
  | { readonly body: Uint8Array };
export type Mangle = (message: Passing) => Fate;

/** How long the first bit of a message travels. @param serial counts the attempts of the sender */
export type Latency = (from: PeerId, to: PeerId, serial: number) => Seconds;

export interface NetworkOptions {
  readonly mangle: Mangle | undefined;
  /** What the wire loses is sent again. */
  readonly retransmit: boolean;
  /** In place of the mean of the two links'. */
  readonly latency: Latency | undefined;
  readonly trace: Trace | undefined;
  /** How long a crash goes unnoticed. */
  readonly detection: Seconds;
  /** A peer is lost: before, and after those who wait for it are told. */
  readonly onLost: (gone: Station) => void;
  readonly onMissed: (gone: Station) => void;
  /** What a peer sent in older views than its own has arrived. @returns why it is lost to those who are still in them */
  readonly onWentOn: (station: Station) => string;
  /** Unsent bytes above which `send` makes the program wait. */
  readonly queueLimit: Bytes;
}

const RTO_MIN: Seconds = seconds(0.2);
const BACKOFF_MAX: Seconds = seconds(60);
/** After so many attempts a message is given up: more than an hour of a wire that is cut. */
const ATTEMPTS_MAX = 64;

/** A wait for so many senders is noted at each of them. */
const FEW = 16;

export class Network {
  readonly time: VirtualTime;
  readonly #stations: Map<PeerId, Station>;
  /** The same, by id: each message looks one up. */
  readonly #byId: Station[] = [];
  /** Stations that have ever waited for mail of many. */
  readonly #wideListeners = new Set<Station>();
  readonly #options: NetworkOptions;
  readonly #trace: Trace | undefined;
  /** Messages sent so far, one for each receiver. */
  messages = 0;
  /** How often one of them was sent again. */
  retransmissions = 0;

  constructor(time: VirtualTime, stations: Map<PeerId, Station>, options: NetworkOptions) {
    this.time = time;
    this.#stations = stations;
    for (const station of stations.values()) this.#byId[station.id] = station;
    this.#options = options;
    this.#trace = options.trace;
  }

  /** Queues a body for one receiver, a member of the sender's view. */
  send(from: Station, to: PeerId, tag: Tag, body: Uint8Array): void {
    this.messages += 1;
    from.inFlight += 1;
    this.#launch(new Transfer(this, from, this.#byId[to]!, tag, body, from.era.view.epoch));
  }

  /** When a sender's queue has room again. */
  hasRoom(from: Station): Seconds {
    return seconds(from.upFree - transferTime(this.#options.queueLimit, from.link.up));
  }

  /** A station waits for mail of several: of many peers, few wait for any one. */
  listenToAll(station: Station, from: readonly PeerId[]): void {
    if (from.length > FEW) this.#wideListeners.add(station);
    else for (const id of from) this.listen(station, id);
  }

  /** A station waits for mail, and must be told if its sender is lost. */
  listen(station: Station, from: PeerId): void {
    const sender = this.#byId[from];
    if (sender === undefined || sender === station.heard) return;
    sender.listeners.add(station);
    station.heard = sender;
  }

  /** A message that was lost sets out once more. */
  sendAgain(message: Transfer): void {
    this.retransmissions += 1;
    this.#launch(message);
  }

  /** The first bit of a message is at its receiver. */
  arrive(message: Transfer): void {
    const { mangle } = this.#options;
    const fate = message.mangled || mangle === undefined ? "deliver" : mangle(message.passing());
    if (fate === "drop") {
      this.drop(message, "lost");
    } else if (fate === "lose") {
      this.#lose(message, "lost");
    } else if (fate === "duplicate") {
      this.#note("copy", message);
      const { sender } = message;
      sender.inFlight += 1;
      if (message.epoch < sender.era.view.epoch) sender.inFlightBefore += 1;
      this.time.queue.push(message.copy());
      this.#enterPort(message);
    } else if (typeof fate === "object" && "delay" in fate) {
      message.pass(seconds(message.time + Math.max(0, fate.delay)));
      this.time.queue.push(message);
    } else {
      if (typeof fate === "object") message.body = fate.body;
      this.#enterPort(message, fate === "corrupt");
    }
  }

  /** The last bit of a message is at its receiver, damaged. */
  refuse(message: Transfer): void {
    this.#lose(message, "corrupt");
  }

  /** The last bit of a message is at its receiver. @returns whether a program can run on because of it */
  deliver(message: Transfer): boolean {
    const { sender, receiver, tag, body, size } = message;
    if (receiver.ended !== undefined) {
      this.drop(message, "nobody there");
      return false;
    }
    receiver.meter.received(sender.id, size);
    const { mailbox } = receiver;
    const waiting = mailbox.waiting;
    if (mailbox.deliver(sender.id, tag, body, message.epoch) === "taken") {
      this.#note("deliver", message);
      this.#landed(sender, message.epoch);
    } else {
      this.drop(message, "refused");
    }
    return mailbox.waiting < waiting;
  }

  drop(message: Transfer, why: Loss): void {
    this.#note("drop", message, why);
    this.#landed(message.sender, message.epoch);
  }

  /** A peer goes, and says so: the others lose it once its mail has arrived. */
  leave(station: Station, why: string): void {
    this.#trace?.({ kind: "leave", time: this.time.now(), from: station.id });
    this.#end(station, why);
  }

  /** A peer stops in the middle: what has not wholly left its up port never arrives, nor does what was lost. */
  crash(station: Station, why = "it crashed"): void {
    const now = this.time.now();
    this.#trace?.({ kind: "crash", time: now, from: station.id });
    const sent = this.time.queue.pending
      .filter((event) => event instanceof Transfer)
      .filter(({ sender }) => sender === station);
    for (const message of sent.sort((a, b) => a.order - b.order)) {
      if (message.cancelled) continue;
      const { waits } = message;
      if (!waits && message.lastBitSent <= now) continue;
      message.cancel();
      if (waits) this.#landed(station, message.epoch);
      else this.drop(message, "cut off");
    }
    station.crashed = true;
    this.#end(station, why);
  }

  /** A peer that was gone is back, with a station of its own. */
  join(station: Station): void {
    this.#trace?.({ kind: "return", time: this.time.now(), from: station.id });
    this.#stations.set(station.id, station);
    this.#byId[station.id] = station;
  }

  #end(station: Station, why: string): void {
    station.ended = why;
    if (station.inFlight === 0) this.#announce(station);
  }

  #landed(sender: Station, epoch: number): void {
    sender.inFlight -= 1;
    if (sender.inFlight === 0 && sender.ended !== undefined) this.#announce(sender);
    if (epoch < sender.era.view.epoch && --sender.inFlightBefore === 0) this.#wentOn(sender);
  }

  /** A peer is in a new view: those who stay in an older one lose it once its mail of that view has arrived. */
  enters(station: Station, era: Era): void {
    station.inFlightBefore = station.inFlight;
    station.enter(era);
    if (station.inFlight === 0) this.#wentOn(station);
  }

  #wentOn(station: Station): void {
    const { view } = station.era;
    this.time.at(this.time.now(), PHASES.loss, station, () => {
      if (station.ended === undefined) this.#tellListeners(station, this.#options.onWentOn(station), view.epoch);
    });
  }

  #tellListeners(gone: Station, why: string, before = Number.POSITIVE_INFINITY): void {
    const listeners = new Set([...gone.listeners, ...this.#wideListeners]);
    for (const station of [...listeners].sort((a, b) => a.id - b.id)) {
      const { view, members } = station.era;
      if (station.ended === undefined && view.epoch < before && members.has(gone.id))
        station.mailbox.lose(gone.id, why);
    }
  }

  /** A crash takes its time to be noticed. */
  #announce(gone: Station): void {
    const { detection, onLost, onMissed } = this.#options;
    const time = seconds(this.time.now() + (gone.crashed ? detection : 0));
    this.time.at(time, PHASES.loss, gone, () => {
      onLost(gone);
      this.#tellListeners(gone, gone.ended ?? "");
      onMissed(gone);
    });
  }

  #launch(message: Transfer): void {
    const { sender, receiver, size } = message;
    const start = seconds(Math.max(this.time.now(), sender.upFree));
    const crossing = transferTime(size, sender.link.up);
    const serial = sender.attempts++;
    const { latency } = this.#options;
    const way = latency?.(sender.id, receiver.id, serial) ?? latencyBetween(sender.link, receiver.link);
    sender.upFree = seconds(start + crossing);
    message.setOut(serial, start, way);
    this.time.queue.push(message);
    sender.meter.sent(receiver.id, size);
    this.#note("send", message);
    this.#notePort("up", message, start, sender.upFree);
  }

  /** An attempt failed; its sender notices when nothing is heard of it. */
  #lose(message: Transfer, why: Loss): void {
    if (!this.#options.retransmit || message.attempts >= ATTEMPTS_MAX || message.sender.crashed) {
      this.drop(message, why);
      return;
    }
    this.#note("drop", message, why);
    message.wait();
    this.time.queue.push(message);
  }

  #enterPort(message: Transfer, damaged = false): void {
    const { receiver, sender, size } = message;
    const { time: first } = message;
    const begin = seconds(Math.max(first, receiver.downFree));
    const received = begin + transferTime(size, receiver.link.down);
    const end = seconds(Math.max(first + transferTime(size, sender.link.up), received));
    receiver.downFree = end;
    message.enter(end, damaged);
    this.time.queue.push(message);
    this.#notePort("down", message, begin, end);
  }

  #note(kind: "send" | "deliver" | "drop" | "copy", message: Transfer, why?: Loss): void {
    this.#trace?.({
      ...message.about(),
      kind,
      time: this.time.now(),
      ...(kind === "send" && message.attempts > 1 && { again: true }),
      ...(why && { why }),
    });
  }

  #notePort(kind: "up" | "down", message: Transfer, time: Seconds, until: Seconds): void {
    this.#trace?.({ ...message.about(), kind, time, until, serial: message.serial });
  }
}

/**
 * Where a message is: on its way; the same, and the wire does nothing more to it; in the down port of its receiver, sound or
 * damaged; lost and about to be sent again; with its receiver, whose program waits for more or runs on; or cut off.
 */
type Leg = "travels" | "passes" | "enters" | "enters damaged" | "waits" | "filed" | "claimed" | "cut off";

/** A message: an event that happens when its first bit arrives, when its last one does, and when it is sent again. */
class Transfer implements Event {
  readonly sender: Station;
  readonly receiver: Station;
  readonly tag: Tag;
  body: Uint8Array;
  readonly size: Bytes;
  readonly epoch: number;
  readonly order: number;
  readonly #network: Network;
  #leg: Leg = "travels";
  time: Seconds = seconds(0);
  start: Seconds = seconds(0);
  latency: Seconds = seconds(0);
  serial = 0;
  attempts = 0;

  /** @param epoch of the view in which it was sent */
  constructor(network: Network, sender: Station, receiver: Station, tag: Tag, body: Uint8Array, epoch: number) {
    this.#network = network;
    this.sender = sender;
    this.receiver = receiver;
    this.order = sender.events++;
    this.epoch = epoch;
    this.tag = tag;
    this.body = body;
    this.size = bytes(FRAME_BYTES + body.length);
  }

  get phase(): Phase {
    return PHASES.mail;
  }

  get owner(): PeerId {
    return this.sender.id;
  }

  get quiet(): boolean {
    return this.#leg !== "claimed";
  }

  get cancelled(): boolean {
    return this.#leg === "cut off";
  }

  get lastBitSent(): Seconds {
    return seconds(this.start + transferTime(this.size, this.sender.link.up));
  }

  /** The wire has done to it what it does. */
  get mangled(): boolean {
    return this.#leg === "passes";
  }

  /** Lost, and yet to be sent again. */
  get waits(): boolean {
    return this.#leg === "waits";
  }

  fire(): void {
    if (this.#leg === "enters") this.#leg = this.#network.deliver(this) ? "claimed" : "filed";
    else if (this.#leg === "enters damaged") this.#network.refuse(this);
    else if (this.#leg === "waits") this.#network.sendAgain(this);
    else if (this.receiver.ended !== undefined) this.#network.drop(this, "nobody there");
    else this.#network.arrive(this);
  }

  setOut(serial: number, start: Seconds, latency: Seconds): void {
    this.#leg = "travels";
    this.serial = serial;
    this.start = start;
    this.latency = latency;
    this.time = seconds(start + latency);
    this.attempts += 1;
  }

  /** The wire is done with it; its first bit arrives at `time`. */
  pass(time: Seconds): void {
    this.#leg = "passes";
    this.time = time;
  }

  /** The receiver's port takes it in until `end`. */
  enter(end: Seconds, damaged: boolean): void {
    this.#leg = damaged ? "enters damaged" : "enters";
    this.time = end;
  }

  /** Nothing is heard of it: it is sent again when the timer of its sender ends. */
  wait(): void {
    const timeout = Math.max(RTO_MIN, 4 * this.latency) * 2 ** (this.attempts - 1);
    this.#leg = "waits";
    this.time = seconds(Math.max(this.time, this.lastBitSent + Math.min(timeout, BACKOFF_MAX)));
  }

  /** It never arrives. */
  cancel(): void {
    this.#leg = "cut off";
  }

  passing(): Passing {
    const { sender, receiver, tag, body, time, serial } = this;
    return { from: sender.id, to: receiver.id, tag, body, time, serial };
  }

  about(): Pick<Passing, "from" | "to" | "tag"> & { readonly bytes: Bytes } {
    return { from: this.sender.id, to: this.receiver.id, bytes: this.size, tag: this.tag };
  }

  /** A twin that nothing more befalls on its way. */
  copy(): Transfer {
    const { sender, receiver, tag, body, epoch, serial, start, time } = this;
    const twin = new Transfer(this.#network, sender, receiver, tag, body, epoch);
    twin.setOut(serial, start, this.latency);
    twin.pass(time);
    return twin;
  }

  abort(): void {}
}
