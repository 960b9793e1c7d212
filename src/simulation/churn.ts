/**
 * Churn: peers that stop before their programs do, and come back with their programs started anew. The others hear of it
 * by the views that follow.
 */
import { ConfigError, type ThinwireError } from "../base/errors.ts";
import { type Seconds, seconds } from "../base/units.ts";
import type { PeerId } from "../ports/view.ts";
import { PHASES } from "./event-queue.ts";
import type { Station } from "./station.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Absence {
  readonly at: Seconds;
  /** Default: never. A peer comes back once the others have noticed that it was gone. */
  readonly back?: Seconds;
  /** What it has sent still arrives, and the others know at once. Default: it crashes. */
  readonly graceful?: boolean;
  /** What the others hear of a crash. */
  readonly why?: string;
}

export interface ChurnOptions {
  readonly crashes?: readonly ({ readonly peer: PeerId } & Absence)[];
  readonly churn?: (id: PeerId) => Iterable<Absence>;
}

/** What churn does to a simulation. */
export interface Swarm {
  stop(station: Station, absence: Absence): void;
  /** The others know that a peer is gone. */
  lost(id: PeerId): void;
  /** The others know that a peer has no more to do. */
  finished(id: PeerId): void;
  /** The peer of a station that has ended is back. @returns its new one */
  start(before: Station): Station;
  /** Whether a program waits for a view. */
  awaited(): boolean;
  /** The error when nothing happens any more but absences. */
  stuck(): ThinwireError;
}

/** An absence under way. */
interface Away {
  readonly rest: Iterator<Absence>;
  noticed: boolean;
  /** It would be back, had it been noticed. */
  waits: boolean;
}

export class Churn {
  readonly #time: VirtualTime;
  readonly #options: ChurnOptions;
  readonly #swarm: Swarm;
  readonly #away = new Map<Station, Away>();
  /** Events of this class that are to come. */
  #planned = 0;
  /** Of the last ones, how many happened while nothing else was to come. */
  #alone = 0;
  #peers = 0;

  constructor(time: VirtualTime, options: ChurnOptions, swarm: Swarm) {
    this.#time = time;
    this.#options = options;
    this.#swarm = swarm;
  }

  /** @throws {ConfigError} */
  schedule(stations: ReadonlyMap<PeerId, Station>): void {
    const { crashes = [], churn } = this.#options;
    const scripts = new Map<PeerId, Absence[]>();
    for (const { peer, ...absence } of crashes) {
      if (!stations.has(peer)) {
        throw new ConfigError("simulation.crashes", { expected: "members", got: `peer ${peer}` });
      }
      if (!(absence.at >= 0)) {
        throw new ConfigError("simulation.crashes", { expected: "a time from 0", got: absence.at });
      }
      scripts.set(
        peer,
        [...(scripts.get(peer) ?? []), absence].sort((a, b) => a.at - b.at),
      );
    }
    this.#peers = stations.size;
    for (const [id, station] of stations) {
      const absences = scripts.get(id) ?? churn?.(id);
      if (absences !== undefined) this.#plan(station, absences[Symbol.iterator]());
    }
  }

  /** The others have lost a peer. */
  lost(gone: Station): void {
    const away = this.#away.get(gone);
    if (away === undefined) {
      this.#swarm.finished(gone.id);
      return;
    }
    away.noticed = true;
    this.#swarm.lost(gone.id);
    if (away.waits) this.#comeBack(gone);
  }

  /** Another peer has found this one at fault: it crashes, and does not come back. */
  expel(station: Station, why: string): void {
    this.#stop(station, { at: this.#time.now(), why }, [][Symbol.iterator]());
  }

  #plan(station: Station, absences: Iterator<Absence>): void {
    const next = absences.next();
    if (next.done === true) return;
    this.#at(next.value.at, PHASES.crash, station, () => this.#stop(station, next.value, absences));
  }

  #stop(station: Station, absence: Absence, rest: Iterator<Absence>): void {
    if (station.ended !== undefined) return;
    this.#away.set(station, { rest, noticed: false, waits: false });
    const { at, back = Number.POSITIVE_INFINITY } = absence;
    if (back < Number.POSITIVE_INFINITY) {
      this.#at(seconds(Math.max(at, back)), PHASES.loss, station, () => this.#comeBack(station));
    }
    this.#swarm.stop(station, absence);
  }

  #comeBack(before: Station): void {
    const away = this.#away.get(before)!;
    away.waits = !away.noticed;
    if (away.waits) return;
    this.#away.delete(before);
    this.#plan(this.#swarm.start(before), away.rest);
  }

  #at(time: Seconds, phase: (typeof PHASES)["crash" | "loss"], station: Station, happen: () => void): void {
    this.#planned += 1;
    this.#time.at(seconds(Math.max(time, this.#time.now())), phase, station, () => {
      this.#planned -= 1;
      this.#watch();
      happen();
    });
  }

  /** Absences without end would keep a run going in which every program waits for what never comes. */
  #watch(): void {
    const alone = this.#time.queue.size === this.#planned && !this.#swarm.awaited();
    this.#alone = alone ? this.#alone + 1 : 0;
    if (this.#alone > 8 * this.#peers) throw this.#swarm.stuck();
  }
}
