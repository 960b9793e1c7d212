/**
 * The critical path of a simulation: what a program waited for, and what that waited for, back to a given time. Every
 * moment of that time is told apart as work, as a port that was busy, or as the way.
 *
 *     a program goes on at t:      after its work, or with mail that arrived at t
 *     mail arrives at t:           through the slower of two ports, the receiver's down port or the sender's up port
 *     a port was taken:            what passed it before; it was free: the way, or the program that sent
 *
 * For wires without jitter or loss.
 */
import { assert } from "../base/errors.ts";
import { type Seconds, transferTime } from "../base/units.ts";
import { tagKey } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";
import { type Link, latencyBetween } from "../simulation/link.ts";
import type { PortEvent, ProgramEvent, Trace, TraceEvent } from "../simulation/trace.ts";

export interface Stretch {
  /** "way": the latency of a wire. */
  readonly what: "work" | "up" | "down" | "way";
  /** Who worked, or whose port it was; of a way, who sent. */
  readonly peer: PeerId;
  /** Of the work. */
  readonly label?: string;
  readonly seconds: number;
}

/** An event and its place among all. */
interface Placed<E> {
  readonly event: E;
  readonly place: number;
}

/** Backwards through time; of two events in one instant the later one leads to the earlier one. */
interface Walk {
  time: number;
  place: number;
  /** What filled the time since `time`. */
  back(time: number, place: number, what: Omit<Stretch, "seconds">): void;
}

export class CriticalPath {
  readonly #linkOf: (id: PeerId) => Link;
  readonly #work = new Map<PeerId, Placed<ProgramEvent>[]>();
  readonly #up = new Map<PeerId, Placed<PortEvent>[]>();
  readonly #down = new Map<PeerId, Placed<PortEvent>[]>();
  readonly #sent = new Map<string, Placed<Seconds>>();
  #places = 0;

  constructor(linkOf: (id: PeerId) => Link) {
    this.#linkOf = linkOf;
  }

  /** Hears what happens. */
  readonly trace: Trace = (event: TraceEvent) => {
    const place = this.#places++;
    if (event.kind === "work") put(this.#work, event.from, { event, place });
    else if (event.kind === "up") put(this.#up, event.from, { event, place });
    else if (event.kind === "down") put(this.#down, event.to, { event, place });
    else if (event.kind === "send") this.#sent.set(nameOf(event), { event: event.time, place });
  };

  /** The path to where the program of `peer` was at time `to`; its stretches sum to `to − from`. Later ones come first. */
  between(peer: PeerId, from: number, to: number): Stretch[] {
    const stretches: Stretch[] = [];
    const walk: Walk = {
      time: to,
      place: this.#places,
      back(time, place, what) {
        const seconds = this.time - Math.max(time, from);
        if (seconds > 0) stretches.push({ ...what, seconds });
        this.time = time;
        this.place = place;
      },
    };
    let at: PeerId = peer;
    while (walk.time > from) at = this.#wentOn(at, walk);
    return stretches;
  }

  /** @returns the peer whose program the path leads to: the same one after work, else who sent */
  #wentOn(peer: PeerId, walk: Walk): PeerId {
    const work = latest(this.#work.get(peer), walk);
    const mail = latest(this.#down.get(peer), walk);
    if (work !== undefined && (mail === undefined || work.place > mail.place)) {
      walk.back(work.event.time, work.place, { what: "work", peer, label: work.event.label });
      return peer;
    }
    assert(mail !== undefined, `peer ${peer} goes on at ${walk.time} s after work or with mail`);
    return this.#arrived(mail, walk);
  }

  #arrived({ event: mail, place }: Placed<PortEvent>, walk: Walk): PeerId {
    const { from, to } = mail;
    const up = this.#up.get(from)?.find(({ event }) => event.serial === mail.serial);
    assert(up !== undefined, "what arrives was sent");
    const first = up.event.time + latencyBetween(this.#linkOf(from), this.#linkOf(to));
    const crossing = up.event.until - up.event.time;
    const slow = mail.time + transferTime(mail.bytes, this.#linkOf(to).down) > first + crossing;
    walk.back(slow ? mail.time : first, place, slow ? { what: "down", peer: to } : { what: "up", peer: from });
    const before = slow && mail.time > first ? latest(this.#down.get(to), walk) : undefined;
    if (before !== undefined) return this.#arrived(before, walk);
    walk.back(up.event.time, up.place, { what: "way", peer: from });
    return this.#leaves(up.event, walk);
  }

  /** A message is at the head of its sender's up port. */
  #leaves(mail: PortEvent, walk: Walk): PeerId {
    const { from } = mail;
    const sent = this.#sent.get(nameOf(mail));
    assert(sent !== undefined, "what leaves was sent");
    const before = sent.event < mail.time ? latest(this.#up.get(from), walk) : undefined;
    if (before === undefined) {
      walk.place = Math.min(walk.place, sent.place);
      return from;
    }
    walk.back(before.event.time, before.place, { what: "up", peer: from });
    return this.#leaves(before.event, walk);
  }
}

/** The last event before the walk's place that ends at its time. */
const latest = <E extends PortEvent | ProgramEvent>(
  events: readonly Placed<E>[] | undefined,
  { time, place }: Walk,
): Placed<E> | undefined => events?.findLast((other) => other.place < place && other.event.until === time);

const nameOf = ({ from, to, tag }: Pick<PortEvent, "from" | "to" | "tag">): string => `${from}/${to}/${tagKey(tag)}`;

function put<E>(lists: Map<PeerId, Placed<E>[]>, id: PeerId, item: Placed<E>): void {
  const list = lists.get(id);
  if (list === undefined) lists.set(id, [item]);
  else list.push(item);
}
