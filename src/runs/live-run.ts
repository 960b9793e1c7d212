/**
 * One peer's part in a live run: it is a member of the swarm for as long as it can, its program in a compute worker and the
 * sockets in this thread; cut off from the others it joins again; and what it sees is recorded as that of any run.
 */
import { setTimeout } from "node:timers/promises";
import { Aborted, NonFiniteError } from "../base/errors.ts";
import type { Layout } from "../base/layout.ts";
import type { Seconds } from "../base/units.ts";
import { peerId } from "../ports/view.ts";
import { LiveWorker, type Stay, type Swarm, type SwarmView } from "../transports/libp2p/index.ts";
import { siblingEntry } from "../transports/threads/index.ts";
import type { Beginning, PeerOutcome, Resumed, Tick } from "./host.ts";
import type { Job } from "./job.ts";
import type { LiveSetting } from "./live-data.ts";
import { writeLiveRecord } from "./live-folder.ts";
import type { LiveNews, Say } from "./live-news.ts";
import type { LiveMainMessage, LiveStayData, LiveWorkerData, LiveWorkerMessage } from "./live-worker.ts";
import { Recorder } from "./recorder.ts";
import type { RunControls, RunHeader, RunResult } from "./result.ts";
import { methodOf } from "./setting.ts";

export interface LiveControls extends RunControls {
  /** Shows a line to whoever runs this peer. */
  readonly say: Say;
  /** The wall clock, since 1970: tickets end by it. */
  readonly today: () => Seconds;
  /** Time between checkpoints; 0 or left out is never. */
  readonly checkpointSeconds?: number;
}

export interface LivePeer {
  readonly job: Job;
  readonly setting: LiveSetting;
  readonly header: RunHeader;
  readonly layout: Layout;
  readonly swarm: Swarm;
  readonly news: LiveNews;
  /** The first stay, where it began before all was opened. */
  readonly stay?: Stay | undefined;
  /** Members that were there from the start go on from what they have saved. */
  readonly continued: () => boolean;
  /** Whether the swarm was founded anew, without this peer; asked while it waits for others. */
  readonly elsewhere?: (own: Stay) => Promise<boolean>;
  /** Which run it is, and where that is written down; nowhere if there is no folder. */
  readonly run: { readonly folder: string | undefined; readonly name: string };
}

/**
 * Trains until the run is over or this peer is to leave. The swarm is left and the node stopped in any case.
 * @throws {Aborted} when `controls.kill` fires {ConfigError} if the swarm refuses this peer
 */
export async function liveRun(peer: LivePeer, controls: LiveControls): Promise<RunResult> {
  const { job, setting, header, layout, swarm } = peer;
  const { checkpoint, dataChecksum, view } = setting;
  try {
    const method = methodOf(job);
    const common = { job, method, view, layout, header, controls, checkpoint, dataChecksum };
    const recorder = await Recorder.open({ ...common, clock: "wall", alone: true, wireBytes: () => swarm.wireBytes });
    try {
      const run = new LiveRun(peer, controls, recorder);
      const outcome = await run.outcome();
      return await recorder.finish([outcome], outcome.seconds);
    } catch (error) {
      if (error instanceof NonFiniteError) return await recorder.diverged();
      await recorder.abandon();
      throw error;
    }
  } finally {
    await swarm.stop();
  }
}

/** Between two looks for a swarm that was begun anew. */
const SEEK_MS = 2000;

/** Addresses. */
const REMEMBERED_MAX = 32;

class LiveRun {
  readonly #peer: LivePeer;
  readonly #controls: LiveControls;
  readonly #recorder: Recorder;
  readonly #worker: LiveWorker<PeerOutcome>;
  #stay: Stay | undefined;
  /** What earlier stays came to. */
  #round: number;
  #seconds = 0;
  /** Of the present one. */
  #last = 0;
  #stays = 0;
  /** It gave up a stay, since the swarm goes on elsewhere. */
  #moves = false;

  constructor(peer: LivePeer, controls: LiveControls, recorder: Recorder) {
    this.#peer = peer;
    this.#controls = controls;
    this.#recorder = recorder;
    this.#round = peer.setting.checkpoint?.round ?? 0;
    this.#worker = new LiveWorker<PeerOutcome>({
      entry: siblingEntry("./live-worker", import.meta.url),
      seed: peer.job.seed,
      data: this.#workerData,
      onMessage: (message) => this.#hear(message as LiveWorkerMessage), // our own worker's, not a stranger's
    });
  }

  async outcome(): Promise<PeerOutcome> {
    const { stop } = this.#controls;
    const leave = () => this.#leave();
    stop?.addEventListener("abort", leave);
    this.#peer.news.onView((view) => this.#remember(view));
    this.#peer.news.onWaiting(() => {
      if (stop?.aborted) leave();
      else void this.#seek();
    });
    this.#stay = this.#peer.stay;
    if (stop?.aborted) leave();
    try {
      await this.#worker.ready(); // before this peer is a member, so that nobody waits for it
      for (let given = this.#peer.stay; ; given = undefined) {
        const stay = given ?? (await this.#enter());
        if (stay === undefined) return this.#cutOff();
        const outcome = await this.#stayed(stay);
        if (outcome !== undefined) return { ...outcome, seconds: this.#seconds + outcome.seconds };
      }
    } finally {
      stop?.removeEventListener("abort", leave);
      await this.#worker.close();
    }
  }

  /** After the round in flight; at once where none is. */
  #leave(): void {
    this.#worker.post({ type: "leave" } satisfies LiveMainMessage);
    if (this.#stay === undefined) void this.#peer.swarm.stop();
    else if (this.#peer.news.waiting) this.#stay.stop();
  }

  /** Members that are too few wait for the others; these may have begun anew, as after a crash of all. */
  async #seek(): Promise<void> {
    const { elsewhere, news } = this.#peer;
    const stay = this.#stay;
    if (elsewhere === undefined || stay === undefined) return;
    while (news.waiting && this.#stay === stay) {
      if (await elsewhere(stay)) {
        this.#moves = true;
        this.#controls.say("the swarm was begun anew: joining it");
        stay.stop();
      }
      await setTimeout(SEEK_MS);
    }
  }

  /** Undefined if this peer was asked to leave before it was back. @throws {Aborted | ConfigError} */
  async #enter(): Promise<Stay | undefined> {
    try {
      return await this.#peer.swarm.enter();
    } catch (error) {
      const asked = error instanceof Aborted && this.#controls.stop?.aborted && !this.#controls.kill?.aborted;
      if (asked && this.#stays > 0) return undefined;
      throw error;
    }
  }

  #cutOff(): PeerOutcome {
    return { rank: -1, outcome: "interrupted", rounds: this.#round, seconds: this.#seconds };
  }

  /** One stay as a member. @returns undefined if the others went on without this peer */
  async #stayed(stay: Stay): Promise<PeerOutcome | undefined> {
    const { kill, stop } = this.#controls;
    let expelled = false;
    void stay.over.then((ending) => {
      expelled = ending === "expelled";
    });
    this.#stay = stay;
    const data = this.#stayData(stay);
    this.#stays += 1;
    this.#last = 0;
    if (stop?.aborted) this.#leave();
    try {
      const outcome = await this.#worker.run(stay, data);
      this.#peer.news.close();
      await stay.leave();
      return outcome;
    } catch (error) {
      if (kill?.aborted) throw new Aborted("live run", { expected: "to go on", got: "an abort", cause: error });
      if (!expelled && !this.#moves) {
        await stay.leave();
        throw error;
      }
      this.#moves = false;
      this.#seconds += this.#last;
      return undefined;
    } finally {
      this.#stay = undefined;
    }
  }

  #hear(told: LiveWorkerMessage): void {
    const recorder = this.#recorder;
    if (told.type === "tick") this.#tick(told.tick);
    else if (told.type === "regrouped") recorder.regrouped(told.change);
    else if (told.type === "concluded") recorder.concluded(told.totals);
    else if (told.type === "decided") recorder.decided(told.decision);
    // Each peer's checkpoints are its own, under whatever id it was in the swarm.
    else recorder.checkpoint({ ...told.state, id: peerId(0), rank: 0, members: 1 });
  }

  #tick(tick: Tick): void {
    const stay = this.#stay!; // its program tells of it
    this.#round = tick.round;
    this.#last = tick.seconds;
    this.#recorder.tick(stay.id, { ...tick, seconds: this.#seconds + tick.seconds });
  }

  get #workerData(): LiveWorkerData {
    const { job, setting } = this.#peer;
    const { data, parts, shared } = setting;
    const { checkpointEvery = 0, checkpointSeconds = 0 } = this.#controls;
    return { job, setting: { data, parts, shared }, checkpointEvery, checkpointSeconds };
  }

  #stayData(stay: Stay): LiveStayData {
    const late = stay.first.epoch > 0;
    return { resumed: this.#stays === 0 ? this.#resumed : undefined, begins: this.#beginning(late), late };
  }

  #beginning(late: boolean): Beginning {
    return late || this.#peer.continued() ? "joining" : "together";
  }

  /** Where the others are, for coming back. */
  #remember({ members }: SwarmView): void {
    const { run, swarm } = this.#peer;
    if (run.folder === undefined) return;
    const others = members.filter(({ node }) => node !== swarm.node).flatMap(({ addresses }) => addresses);
    const record = { run: run.name, members: others.slice(0, REMEMBERED_MAX) };
    writeLiveRecord(run.folder, record).catch(() => {}); // a full disk is told of where checkpoints are written
  }

  get #resumed(): Resumed | undefined {
    const { checkpoint } = this.#peer.setting;
    if (checkpoint === undefined) return undefined;
    return { round: checkpoint.round, params: checkpoint.params, learner: checkpoint.peers[0], wiresAnew: true };
  }
}
