/**
 * The simulator: one async program per peer, on a virtual clock and a virtual network, in one process. The same options
 * give the same run, event by event, as long as no work is charged its measured time.
 */
import { Aborted, ConfigError, type ThinwireError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { type Bytes, bytes, type Seconds, seconds } from "../base/units.ts";
import { MAX_PEERS } from "../coding/limits.ts";
import type { Meter } from "../ports/meter.ts";
import type { Peer } from "../ports/peer.ts";
import { type PeerId, peerId, type View } from "../ports/view.ts";
import type { MailLimits } from "../rounds/mailbox.ts";
import { RecordingMeter } from "../rounds/recording-meter.ts";
import { type Absence, Churn } from "./churn.ts";
import { Cores } from "./cores.ts";
import { DeadlockError } from "./deadlock.ts";
import { PHASES } from "./event-queue.ts";
import { afterPromises, standIdle } from "./host.ts";
import { checkLink, type Link, unlimited } from "./link.ts";
import { Membership } from "./membership.ts";
import { type Latency, type Mangle, Network } from "./network.ts";
import { SimulatedPeer, type World } from "./simulated-peer.ts";
import { Slab } from "./slab.ts";
import { type Pace, Station } from "./station.ts";
import type { Trace } from "./trace.ts";
import { VirtualTime } from "./virtual-time.ts";
import { type Rest, Workbench } from "./workbench.ts";

export interface SimulationOptions {
  /** Who takes part; a number n stands for the members 0 … n − 1, who all work. */
  readonly view: View | number;
  readonly seed: number;
  /** Of all peers, or of each; default `unlimited`. */
  readonly link?: Link | ((id: PeerId) => Link);
  /** Unsent bytes in an up port above which `send` makes its program wait; default 1 GiB. */
  readonly queueLimit?: Bytes;
  readonly mailLimits?: Partial<MailLimits>;
  /** Default: a `RecordingMeter` for each peer. */
  readonly meter?: (id: PeerId) => Meter;
  /** Stops the run: every wait rejects with `Aborted`, and so does `simulate`. */
  readonly signal?: AbortSignal;
  /** Called with the virtual time every 20 ms of real time. */
  readonly onTime?: (now: Seconds) => void;
  readonly trace?: Trace;
  /** Peers that stop at a virtual time; those that crash at 0 do not start. */
  readonly crashes?: readonly ({ readonly peer: PeerId } & Absence)[];
  /** The absences of a peer that is not among `crashes`, one after the other; read as time goes on. */
  readonly churn?: (id: PeerId) => Iterable<Absence>;
  /** How long a crash goes unnoticed; default 0. */
  readonly detection?: Seconds;
  /** What the wire does to each message; default "deliver". */
  readonly mangle?: Mangle;
  /** Whether what the wire loses is sent again; default true. */
  readonly retransmit?: boolean;
  /** How long the first bit of a message travels; default the mean of the latencies of the two links. */
  readonly latency?: Latency;
  /** How many cores all peers share; default: each has its own. */
  readonly cores?: number;
  /** How many times longer than it costs the work of a peer takes; default 1. */
  readonly pace?: (id: PeerId) => Pace | undefined;
  /** The clock that meters work; default the engine's monotonic clock. */
  readonly realTime?: () => Seconds;
  /** Lets a real core stand idle before work is measured on a core of `cores` that has; default: the thread sleeps. */
  readonly rest?: Rest;
}

export interface SimulationResult<T> {
  /** What the programs returned, in rank order; those of crashed peers are left out. */
  readonly results: readonly T[];
  /** Virtual time at which the last program returned. */
  readonly seconds: Seconds;
  /** Messages sent, counted once for each receiver. */
  readonly messages: number;
  /** How often one of them was sent again. */
  readonly retransmissions: number;
}

/**
 * Runs `program` once for each peer, until all have returned. If one throws, the others are aborted and its error is
 * thrown; of several in one instant that of the lowest id.
 * @throws {ConfigError} {DeadlockError} if all programs wait and nothing will come; {Aborted}; what a program throws
 */
export async function simulate<T>(
  options: SimulationOptions,
  program: (peer: Peer) => Promise<T>,
): Promise<SimulationResult<T>> {
  const simulation = new Simulation(options, program);
  return await simulation.run();
}

/** The simulated wire doubles a message at once; to remember more tags would be most of a peer's memory. */
const USUAL_LIMITS: Partial<MailLimits> = { rememberedTags: 8 };

const monotonic = (): Seconds => seconds(globalThis.performance.now() / 1000);

class Simulation<T> {
  readonly #options: SimulationOptions;
  readonly #program: (peer: Peer) => Promise<T>;
  readonly #view: View;
  readonly #time: VirtualTime;
  readonly #membership: Membership<Station>;
  readonly #stations: Map<PeerId, Station>;
  readonly #network: Network;
  readonly #world: World;
  readonly #results = new Map<PeerId, T>();
  readonly #failures = new Map<PeerId, unknown>();
  readonly #churn: Churn;
  #running: number;
  #stopped = false;

  constructor(options: SimulationOptions, program: (peer: Peer) => Promise<T>) {
    const realTime = options.realTime ?? monotonic;
    this.#options = options;
    this.#program = program;
    this.#view = checkedView(options.view);
    this.#time = new VirtualTime(realTime);
    this.#membership = new Membership<Station>(this.#view, (station, era) => this.#network.enters(station, era));
    this.#stations = new Map(this.#view.members.map((id) => [id, this.#station(id)]));
    this.#network = new Network(this.#time, this.#stations, {
      mangle: options.mangle,
      retransmit: options.retransmit ?? true,
      latency: options.latency,
      trace: options.trace,
      detection: options.detection ?? seconds(0),
      onLost: (gone) => this.#membership.lose(gone.id, gone.ended ?? ""),
      onMissed: (gone) => this.#churn.lost(gone),
      onWentOn: ({ id, era }) => this.#membership.wentOn(id, era.view),
      queueLimit: options.queueLimit ?? bytes(2 ** 30),
    });
    this.#churn = new Churn(this.#time, options, {
      stop: (station, absence) => this.#leave(station, absence),
      lost: (id) => this.#membership.remove(id),
      finished: (id) => this.#membership.finish(id),
      start: (before) => this.#comeBack(before),
      awaited: () => this.#membership.awaited,
      stuck: () => this.#deadlock(),
    });
    this.#world = {
      clock: this.#time,
      rng: Random.fromSeed(options.seed),
      network: this.#network,
      membership: this.#membership,
      workbench: new Workbench(this.#time, realTime, options.rest ?? standIdle),
      slab: new Slab(),
      trace: options.trace,
      expel: (id, why) => this.#churn.expel(this.#stations.get(id)!, why),
      cores: options.cores === undefined ? undefined : new Cores(options.cores),
    };
    this.#running = this.#stations.size;
  }

  async run(): Promise<SimulationResult<T>> {
    const { signal, onTime } = this.#options;
    const stop = () => this.#stop(signal?.reason);
    if (signal?.aborted) throw this.#aborted(signal.reason);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      this.#schedule();
      await this.#time.run({
        over: () => this.#running === 0 || this.#failures.size > 0 || this.#stopped,
        stuck: () => this.#deadlock(),
        progress: (now) => onTime?.(now),
      });
      for (const [, error] of [...this.#failures].sort(([a], [b]) => a - b)) throw error;
      if (this.#stopped) throw this.#aborted(signal?.reason);
    } catch (error) {
      this.#stop(error);
      await new Promise<void>((unwound) => {
        afterPromises(() => {
          unwound(); // the programs, before the error is passed on
          return false;
        });
      });
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
    const finished = this.#view.members.filter((id) => this.#results.has(id));
    // A finished program has a result; it may be undefined where T allows it.
    const results = finished.map((id) => this.#results.get(id) as T);
    const { messages, retransmissions } = this.#network;
    return { results, seconds: this.#time.now(), messages, retransmissions };
  }

  #station(id: PeerId, before?: Station): Station {
    const { link = unlimited, mailLimits: limits = USUAL_LIMITS, meter, pace } = this.#options;
    const options = {
      id,
      link: checkLink(typeof link === "function" ? link(id) : link, id),
      meter: before?.meter ?? meter?.(id) ?? new RecordingMeter(),
      era: this.#membership.era,
      limits,
      pace: pace?.(id),
    };
    this.#membership.settle();
    return new Station(this.#time, options, before);
  }

  #schedule(): void {
    const start = seconds(0);
    this.#churn.schedule(this.#stations);
    for (const station of this.#stations.values()) {
      this.#time.at(start, PHASES.mail, station, () => this.#start(station));
    }
  }

  #start(station: Station): void {
    if (station.ended !== undefined) return;
    const program = this.#program;
    // An async function, so that a program that throws before its first await fails like any other.
    const running = (async () => program(new SimulatedPeer(this.#world, station)))();
    void running.then(
      (result) => this.#finish(station, result),
      (error: unknown) => this.#fail(station, error),
    );
  }

  #finish(station: Station, result: T): void {
    if (station.ended !== undefined) return;
    this.#results.set(station.id, result);
    this.#running -= 1;
    this.#membership.forget(station);
    this.#network.leave(station, "its program has ended");
  }

  /** What a program throws because it was aborted, or after its crash, is no failure. */
  #fail(station: Station, error: unknown): void {
    if (station.ended === undefined && !this.#stopped) this.#failures.set(station.id, error);
  }

  #leave(station: Station, { graceful, why }: Absence): void {
    this.#running -= 1;
    this.#membership.forget(station);
    if (graceful === true) this.#network.leave(station, "it left");
    else this.#network.crash(station, why);
  }

  #comeBack(before: Station): Station {
    this.#membership.add(before.id);
    const station = this.#station(before.id, before);
    this.#running += 1;
    this.#network.join(station);
    this.#start(station);
    return station;
  }

  /** Ends every wait, under way or to come. */
  #stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const station of this.#stations.values()) station.stop(reason);
    const error = this.#aborted(reason);
    for (const event of this.#time.queue.drain()) event.abort(error);
  }

  #aborted(reason: unknown): ThinwireError {
    return new Aborted("simulation", { expected: "to run to its end", got: "an abort", cause: reason });
  }

  #deadlock(): ThinwireError {
    const stations = [...this.#stations.values()].filter((station) => station.ended === undefined);
    return new DeadlockError(stations.map(({ id, mailbox }) => ({ peer: id, waits: mailbox.waits })));
  }
}

/** @throws {ConfigError} */
function checkedView(view: View | number): View {
  if (typeof view === "number") return viewOfSize(view);
  const { members, workers } = view;
  if (members.length === 0 || new Set(members).size !== members.length) {
    throw new ConfigError("simulation.view.members", { expected: "distinct ids, at least one", got: `[${members}]` });
  }
  const stranger = workers.find((id) => !members.includes(id));
  if (stranger === undefined) return view;
  throw new ConfigError("simulation.view.workers", { expected: "members", got: `peer ${stranger}` });
}

function viewOfSize(size: number): View {
  if (!Number.isInteger(size) || size < 1 || size > MAX_PEERS) {
    throw new ConfigError("simulation.view", { expected: `a whole number from 1 to ${MAX_PEERS}`, got: size });
  }
  const members = Array.from({ length: size }, (_, id) => peerId(id));
  return { epoch: 0, members, workers: members };
}
