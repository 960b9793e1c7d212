/**
 * A peer in the simulator: its mail passes the simulated network, its clock is virtual, its work is charged.
 */
import { Aborted, ConfigError, PeerLost, type ThinwireError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { type Seconds, seconds } from "../base/units.ts";
import type { Meter } from "../ports/meter.ts";
import type { Clock, Envelope, Peer, Tag, WaitOptions } from "../ports/peer.ts";
import type { PeerId, View } from "../ports/view.ts";
import type { Cores } from "./cores.ts";
import { PHASES } from "./event-queue.ts";
import type { Membership } from "./membership.ts";
import type { Network } from "./network.ts";
import type { Slab } from "./slab.ts";
import type { Station } from "./station.ts";
import type { Trace } from "./trace.ts";
import type { Workbench } from "./workbench.ts";

/** What all peers of a simulation share. */
export interface World {
  readonly clock: Clock;
  readonly rng: Random;
  readonly network: Network;
  readonly membership: Membership<Station>;
  readonly workbench: Workbench;
  readonly slab: Slab;
  readonly trace: Trace | undefined;
  /** Shared by all peers. */
  readonly cores: Cores | undefined;
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
    const receivers = typeof to === "number" ? [to] : to;
    for (const id of receivers) {
      if (!this.#reaches(id)) return Promise.reject(this.#unreachable(id, tag));
    }
    const { network, slab } = this.#world;
    return this.#at(network.send(station, receivers, tag, slab.copy(body, receivers.length)));
  }

  flushed(): Promise<void> {
    return this.#refused("flushed") ?? this.#at(this.#station.upFree);
  }

  /** Resolves at a time, at once if it has come. */
  #at(time: Seconds): Promise<void> {
    const station = this.#station;
    const { network } = this.#world;
    if (time <= network.time.now()) return DONE;
    return new Promise((resolve, reject) => {
      const there = () => {
        if (station.ended === undefined) resolve();
      };
      network.time.at(time, PHASES.mail, station, there, reject);
    });
  }

  receive(from: PeerId, tag: Tag, options?: WaitOptions): Promise<Uint8Array> {
    if (!this.#listens([from])) return never();
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
        this.signal.addEventListener("abort", () => reject(this.#aborted("nextView")), { once: true });
      })
    );
  }

  work<T>(label: string, cost: Seconds | undefined, body: () => T | Promise<T>): Promise<T> {
    const refused = this.#refused("work", label);
    if (refused !== undefined) return refused;
    if (cost !== undefined && !(cost >= 0 && cost < Number.POSITIVE_INFINITY)) {
      const complaint = { expected: "a finite time from 0", got: cost };
      return Promise.reject(new ConfigError(`work "${label}": cost`, complaint));
    }
    return new Promise((resolve, reject) => {
      this.#world.workbench.perform({
        body,
        done: (value, spent) => this.#charge(label, cost ?? spent, spent, value, resolve, reject),
        failed: reject,
        // Bodies that others asked for before may have run meanwhile: a run that was aborted starts no more of them.
        refused: () => (this.#station.stopped ? this.#aborted("work", label) : undefined),
      });
    });
  }

  /** Also work that costs nothing goes on through the queue, so that programs resume in the order of their ids. */
  #charge<T>(
    label: string,
    cost: Seconds,
    spent: Seconds,
    value: T,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): void {
    this.meter.spent(label, spent);
    const station = this.#station;
    if (station.stopped) {
      reject(this.#aborted("work", label));
      return;
    }
    const { network, trace, cores } = this.#world;
    const now = network.time.now();
    const pace = cost > 0 && station.pace !== undefined ? station.pace(station.pieces++) : 1;
    const time = seconds(cost * pace);
    const until = time > 0 && cores !== undefined ? cores.take(now, time) : seconds(now + time);
    trace?.({ kind: "work", time: now, until, from: this.id, label });
    const done = () => {
      if (station.ended === undefined) resolve(value);
    };
    network.time.at(until, PHASES.mail, station, done, reject);
  }

  /** Whether the peer is there to wait; it is told if one of the senders is lost. */
  #listens(from: readonly PeerId[]): boolean {
    if (this.#station.ended !== undefined) return false;
    this.#world.network.listen(this.#station, from);
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
    return this.#station.stopped ? Promise.reject(this.#aborted(call, label)) : undefined;
  }

  #reaches(id: PeerId): boolean {
    const { members, lost } = this.#station.era;
    return id !== this.id && members.has(id) && !lost.has(id);
  }

  #unreachable(id: PeerId, tag: Tag): ThinwireError {
    const where = `peer ${this.id}: send of ${tag.kind}, round ${tag.round}`;
    if (id === this.id) return new ConfigError(where, { expected: "another peer", got: `peer ${id} itself` });
    const got = this.#station.era.lost.get(id) ?? "it is no member of the view";
    return new PeerLost(where, { expected: `peer ${id} to be there`, got });
  }

  #aborted(call: string, label?: string): Aborted {
    return new Aborted(`peer ${this.id}: ${call}${label === undefined ? "" : ` "${label}"`}`, {
      expected: "to go on",
      got: "an abort",
      cause: this.signal.reason,
    });
  }
}

const DONE: Promise<void> = Promise.resolve();

const never = <T>(): Promise<T> => new Promise(() => {});
