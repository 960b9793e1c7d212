/**
 * A peer in the simulator: its mail passes the simulated network, its clock is virtual, its work is charged.
 */
import { Aborted, ConfigError, PeerLost } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { type Seconds, seconds } from "../base/units.ts";
import type { Meter } from "../ports/meter.ts";
import type { Clock, Envelope, Peer, Tag, WaitOptions } from "../ports/peer.ts";
import type { PeerId, View } from "../ports/view.ts";
import { PHASES } from "./event-queue.ts";
import type { Network } from "./network.ts";
import type { Station } from "./station.ts";
import type { Workbench } from "./workbench.ts";

/** What all peers of a simulation share. */
export interface World {
  readonly view: View;
  readonly clock: Clock;
  readonly rng: Random;
  readonly network: Network;
  readonly workbench: Workbench;
  /** Who is gone, and why. */
  readonly lost: ReadonlyMap<PeerId, string>;
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
    return this.#world.view;
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
    const receivers = typeof to === "number" ? [to] : to;
    return this.#call("send", (resolve, reject) => {
      for (const id of receivers) this.#checkReceiver(id, tag);
      const { network } = this.#world;
      const free = network.send(this.#station, receivers, tag, joined(body));
      if (free <= network.time.now()) resolve();
      else network.time.at(free, PHASES.mail, this.#station, this.#unlessEnded(resolve), reject);
    });
  }

  receive(from: PeerId, tag: Tag, options?: WaitOptions): Promise<Uint8Array> {
    return this.#station.ended === undefined ? this.#station.mailbox.receive(from, tag, options) : never();
  }

  receiveAny(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Envelope> {
    return this.#station.ended === undefined ? this.#station.mailbox.receiveAny(from, tag, options) : never();
  }

  gather(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Map<PeerId, Uint8Array>> {
    return this.#station.ended === undefined ? this.#station.mailbox.gather(from, tag, options) : never();
  }

  /** Does nothing: receivers of one body share it. */
  recycle(_body: Uint8Array): void {}

  /** Membership does not change here: it rejects when the run is aborted, and never resolves. */
  nextView(): Promise<View> {
    return this.#call("nextView", (_, reject) => {
      this.signal.addEventListener("abort", () => reject(this.#aborted("nextView")), { once: true });
    });
  }

  work<T>(label: string, cost: Seconds | undefined, body: () => T | Promise<T>): Promise<T> {
    return this.#call(`work "${label}"`, (resolve: (value: T) => void, reject) => {
      if (cost !== undefined && !(cost >= 0 && cost < Number.POSITIVE_INFINITY)) {
        throw new ConfigError(`work "${label}": cost`, { expected: "a finite time from 0", got: cost });
      }
      // Bodies that others asked for before may have run meanwhile: a run that was aborted starts no more of them.
      const bodyUnlessAborted = () => {
        if (this.signal.aborted) throw this.#aborted(`work "${label}"`);
        return body();
      };
      this.#world.workbench.perform(
        bodyUnlessAborted,
        (value, spent) => this.#charge(label, cost ?? spent, spent, () => resolve(value), reject),
        reject,
      );
    });
  }

  /** Also work that costs nothing goes on through the queue, so that programs resume in the order of their ids. */
  #charge(label: string, cost: Seconds, spent: Seconds, resolve: () => void, reject: (error: unknown) => void): void {
    this.meter.spent(label, spent);
    const { time } = this.#world.network;
    if (this.signal.aborted) reject(this.#aborted(`work "${label}"`));
    else time.at(seconds(time.now() + cost), PHASES.mail, this.#station, this.#unlessEnded(resolve), reject);
  }

  /** A call of a peer that crashed never settles; one in a run that was aborted rejects. */
  #call<T>(name: string, start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
    if (this.#station.ended !== undefined) return never();
    if (this.signal.aborted) return Promise.reject(this.#aborted(name));
    return new Promise(start);
  }

  #unlessEnded(resolve: () => void): () => void {
    return () => {
      if (this.#station.ended === undefined) resolve();
    };
  }

  /** @throws {ConfigError | PeerLost} */
  #checkReceiver(id: PeerId, tag: Tag): void {
    const { lost, network } = this.#world;
    if (id !== this.id && network.has(id) && !lost.has(id)) return;
    const where = `peer ${this.id}: send of ${tag.kind}, round ${tag.round}`;
    if (id === this.id) throw new ConfigError(where, { expected: "another peer", got: `peer ${id} itself` });
    const got = lost.get(id) ?? "it is no member of the view";
    throw new PeerLost(where, { expected: `peer ${id} to be there`, got });
  }

  #aborted(call: string): Aborted {
    return new Aborted(`peer ${this.id}: ${call}`, {
      expected: "to go on",
      got: "an abort",
      cause: this.signal.reason,
    });
  }
}

const never = <T>(): Promise<T> => new Promise(() => {});

function joined(body: Uint8Array | readonly Uint8Array[]): Uint8Array {
  if (body instanceof Uint8Array) return new Uint8Array(body); // not slice: a Buffer's shares its memory
  const whole = new Uint8Array(body.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of body) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
