/**
 * A peer in the simulator: its mail passes the simulated network, its clock is virtual, its work is charged.
 */
import { ConfigError, PeerLost, type ThinwireError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Seconds } from "../base/units.ts";
import type { Meter } from "../ports/meter.ts";
import type { Clock, Envelope, Peer, Tag, WaitOptions } from "../ports/peer.ts";
import type { PeerId, View } from "../ports/view.ts";
import { PHASES } from "./event-queue.ts";
import type { Membership } from "./membership.ts";
import type { Network } from "./network.ts";
import type { Slab } from "./slab.ts";
import type { Station } from "./station.ts";
import { Task, type Workplace } from "./task.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { Workbench } from "./workbench.ts";

/** What all peers of a simulation share. */
export interface World extends Workplace {
  readonly clock: VirtualTime;
  readonly rng: Random;
  readonly network: Network;
  readonly membership: Membership<Station>;
  readonly workbench: Workbench;
  readonly slab: Slab;
  /** A member of the simulation is at fault. */
  expel(id: PeerId, why: string): void;
}

export class SimulatedPeer implements Peer {
  readonly id: PeerId;
  readonly meter: Meter;
  readonly #world: World;
  readonly #station: Station;

  constructor(world: World, station: Station) {
    this.id = station.id;
    this.meter = station.meter;
    this.#world = world;
    this.#station = station;
  }

  get view(): View {
    return this.#station.era.view;
  }

  get outdated(): boolean {
    return this.#station.era !== this.#world.membership.era;
  }

  get clock(): Clock {
    return this.#world.clock;
  }

  get rng(): Random {
    return this.#world.rng;
  }

  get signal(): AbortSignal {
    return this.#station.abort.signal;
  }

  /** A body given in one part or several is copied once, and all receivers get the same bytes: they only read them. */
  send(to: PeerId | readonly PeerId[], tag: Tag, body: Uint8Array | readonly Uint8Array[]): Promise<void> {
    const station = this.#station;
    const refused = this.#refused("send");
    if (refused !== undefined) return refused;
    const { network, slab } = this.#world;
    if (typeof to === "number") {
      if (!this.#reaches(to)) return Promise.reject(this.#unreachable(to, tag));
      network.send(station, to, tag, slab.copy(body, 1));
    } else {
      for (const id of to) {
        if (!this.#reaches(id)) return Promise.reject(this.#unreachable(id, tag));
      }
      const copy = slab.copy(body, to.length);
      for (const id of to) network.send(station, id, tag, copy);
    }
    return this.#at(network.hasRoom(station));
  }

  flushed(): Promise<void> {
    return this.#refused("flushed") ?? this.#at(this.#station.upFree);
  }

  /** Resolves at a time, at once if it has come. */
  #at(time: Seconds): Promise<void> {
    const station = this.#station;
    const { clock } = this.#world;
    if (time <= clock.now()) return DONE;
    return new Promise((resolve, reject) => {
      const there = () => {
        if (station.ended === undefined) resolve();
      };
      clock.at(time, PHASES.mail, station, there, reject);
    });
  }

  receive(from: PeerId, tag: Tag, options?: WaitOptions): Promise<Uint8Array> {
    if (this.#station.ended !== undefined) return never();
    this.#world.network.listen(this.#station, from);
    return this.#noted("receive", tag, this.#station.mailbox.receive(from, tag, options));
  }

  receiveAny(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Envelope> {
    if (!this.#listens(from)) return never();
    return this.#noted("receiveAny", tag, this.#station.mailbox.receiveAny(from, tag, options));
  }

  gather(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Map<PeerId, Uint8Array>> {
    if (!this.#listens(from)) return never();
    return this.#noted("gather", tag, this.#station.mailbox.gather(from, tag, options));
  }

  /** Receivers of one body share it: the last one frees it. */
  recycle(body: Uint8Array): void {
    this.#world.slab.release(body);
  }

  /** The newest view, once it is not that of this peer any more; its mailbox has then entered it. */
  nextView(): Promise<View> {
    return (
      this.#refused("nextView") ??
      new Promise((resolve, reject) => {
        this.#world.membership.next(this.#station, resolve);
        this.signal.addEventListener("abort", () => reject(this.#station.aborted("nextView")), { once: true });
      })
    );
  }

  expel(id: PeerId, why: string): void {
    this.#world.expel(id, why);
  }

  work<T>(label: string, cost: Seconds | undefined, body: () => T | Promise<T>): Promise<T> {
    const refused = this.#refused("work", label);
    if (refused !== undefined) return refused;
    if (cost !== undefined && !(cost >= 0 && cost < Number.POSITIVE_INFINITY)) {
      const complaint = { expected: "a finite time from 0", got: cost };
      return Promise.reject(new ConfigError(`work "${label}": cost`, complaint));
    }
    return new Promise((resolve, reject) => {
      this.#world.workbench.perform(new Task(this.#world, this.#station, label, cost, body, resolve, reject));
    });
  }

  /** Whether the peer is there to wait; it is told if one of the senders is lost. */
  #listens(from: readonly PeerId[]): boolean {
    if (this.#station.ended !== undefined) return false;
    this.#world.network.listenToAll(this.#station, from);
    return true;
  }

  /** Beside the program, which runs on as if nobody looked. */
  #noted<T>(call: string, tag: Tag, waiting: Promise<T>): Promise<T> {
    const { trace, clock } = this.#world;
    if (trace === undefined) return waiting;
    const time = clock.now();
    const note = () => {
      if (clock.now() > time) trace({ kind: "wait", time, until: clock.now(), from: this.id, label: call, tag });
    };
    waiting.then(note, note);
    return waiting;
  }

  /** A call of a peer that is gone never settles; one in a run that was aborted rejects. */
  #refused(call: string, label?: string): Promise<never> | undefined {
    if (this.#station.ended !== undefined) return never();
    return this.#station.stopped ? Promise.reject(this.#station.aborted(call, label)) : undefined;
  }

  #reaches(id: PeerId): boolean {
    const { members, lost } = this.#station.era;
    return id !== this.id && members.has(id) && (lost.size === 0 || !lost.has(id));
  }

  #unreachable(id: PeerId, tag: Tag): ThinwireError {
    const where = `peer ${this.id}: send of ${tag.kind}, round ${tag.round}`;
    if (id === this.id) return new ConfigError(where, { expected: "another peer", got: `peer ${id} itself` });
    const got = this.#station.era.lost.get(id) ?? "it is no member of the view";
    return new PeerLost(where, { expected: `peer ${id} to be there`, got });
  }
}

const DONE: Promise<void> = Promise.resolve();

const never = <T>(): Promise<T> => new Promise(() => {});
