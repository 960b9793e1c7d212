/**
 * A job on processes that a launcher has started: `mpirun`, `srun`, `torchrun`, an indexed Job of Kubernetes. Rank 0 founds
 * the swarm at the coordinator's address, the others join there; the first round waits for all.
 */
import { isIP } from "node:net";
import { ConfigError, DeadlineError } from "../base/errors.ts";
import { seconds } from "../base/units.ts";
import type { Answered } from "../transports/libp2p/ask.ts";
import { type Admit, foundSwarm, type Hello, joinSwarm, type Stay, type Swarm } from "../transports/libp2p/index.ts";
import type { KeyPair } from "../transports/libp2p/keys.ts";
import { issueTicket } from "../transports/libp2p/ticket.ts";
import { type Job, optionsOf } from "./job.ts";
import { type Coordinator, type Launch, placesOf } from "./launch.ts";
import { layoutHash, readAbout, shapeOf, writeAbout } from "./live-about.ts";
import { checkData, checkLayout } from "./live-data.ts";
import { doorOf, helloOf } from "./live-door.ts";
import { readLiveRecord } from "./live-folder.ts";
import { inquire } from "./live-inquiry.ts";
import { type NetworkChoice, swarmOptions } from "./live-network.ts";
import { LiveNews } from "./live-news.ts";
import { type Opened, openLive } from "./live-open.ts";
import { comeBack } from "./live-return.ts";
import { type LiveControls, liveRun } from "./live-run.ts";
import { keysOf, type LaunchKeys, type LaunchWord, ownIdentity } from "./live-word.ts";
import type { RunResult } from "./result.ts";

const OWN_TICKET_SECONDS = 3600;
/** Processes that share machines are busy for long when they begin, and each opens a link to each. */
const DETECTION_SECONDS = { least: 30, perProcess: 2 };
/** Processes of one launch come at once, and many from one host. */
const NEW_CONNECTIONS = 10_000;
const WITHIN_SECONDS = 600;

/** How long each of the others is asked whether it goes on. */
const LOOK_SECONDS = 3;

/** How this process was started, and what it shares with the others. */
export interface Launching {
  readonly launch: Launch;
  readonly word: LaunchWord;
}

/** @throws {ConfigError | DataError | ModelError | CheckpointError} {Aborted} */
export async function launched(job: Job, launching: Launching, controls: LiveControls): Promise<RunResult> {
  const opened = await openLive(job, true, controls);
  const member = await LaunchMember.open(opened, launching, controls);
  return await member.run();
}

class LaunchMember {
  readonly #opened: Opened;
  readonly #launch: Launch;
  readonly #word: LaunchWord;
  readonly #controls: LiveControls;
  readonly #keys: LaunchKeys;
  /** The node of rank 0. */
  readonly #first: string;
  readonly #identity: KeyPair;
  /** Where others may go on, each a multiaddr with its peer id. */
  readonly #known: readonly string[];
  readonly #news: LiveNews;
  readonly #door: Admit;
  #complete = false;

  private constructor(
    opened: Opened,
    { launch, word }: Launching,
    controls: LiveControls,
    { keys, first, identity, known }: { keys: LaunchKeys; first: string; identity: KeyPair; known: readonly string[] },
  ) {
    this.#opened = opened;
    this.#launch = launch;
    this.#word = word;
    this.#controls = controls;
    this.#keys = keys;
    this.#first = first;
    this.#identity = identity;
    this.#known = known;
    this.#news = new LiveNews(controls.say);
    this.#door = doorOf({
      swarm: keys.swarm.swarmId,
      node: identity.peerId,
      run: () => RUN,
      revoked: () => new Set(),
      today: controls.today,
      onTrouble: (error) => controls.say(String(error), "warning"),
    });
  }

  static async open(opened: Opened, launching: Launching, controls: LiveControls): Promise<LaunchMember> {
    const keys = await keysOf(launching.word);
    const first = await keys.identity(0);
    const identity = await ownIdentity(launching.word, keys, launching.launch.rank);
    const known = await knownOthers(launching, keys, controls.resume);
    return new LaunchMember(opened, launching, controls, { keys, first: first.peerId, identity, known });
  }

  async run(): Promise<RunResult> {
    const { swarm, stay } = await this.#begin();
    const continued = () => readAbout(swarm.about).continued;
    const run = { folder: this.#controls.out, name: RUN };
    const elsewhere = async (own: Stay) => {
      const answer = await this.#ask([this.#coordinator, ...this.#known]);
      return answer !== undefined && !answer.view.members.some(({ node, id }) => node === swarm.node && id === own.id);
    };
    const peer = { ...this.#opened, swarm, news: this.#news, stay, continued, elsewhere, run };
    return await liveRun(peer, this.#controls);
  }

  async #begin(): Promise<{ readonly swarm: Swarm; readonly stay: Stay }> {
    if (this.#launch.rank === 0) return await this.#foundUnlessOthersGoOn();
    const addresses = [this.#coordinator, ...this.#known];
    const swarm = await joinSwarm({ ...this.#options, addresses, within: seconds(WITHIN_SECONDS) });
    return await this.#checked({ swarm, stay: await this.#enter(swarm) });
  }

  async #foundUnlessOthersGoOn(): Promise<{ readonly swarm: Swarm; readonly stay: Stay }> {
    const { size } = this.#launch;
    const within = seconds(networkOf(this.#launch).detection);
    const returned = await comeBack({
      ask: () => this.#ask(this.#known),
      isOurs: () => true, // nobody else has the swarm's key
      join: () => joinSwarm({ ...this.#options, addresses: this.#known, within }),
      stop: this.#controls.stop,
    });
    if (typeof returned !== "string") {
      this.#complete = true;
      return await this.#checked(returned);
    }
    // Those who are too few wait, and look for a swarm that has begun.
    const members = returned === "too few" ? 1 : size;
    const swarm = await foundSwarm({ ...this.#options, role: this.#role, members, about: await this.#about() });
    return { swarm, stay: await this.#enter(swarm) };
  }

  async #checked<T extends { readonly swarm: Swarm }>(entered: T): Promise<T> {
    try {
      await this.#check(entered.swarm);
      return entered;
    } catch (error) {
      await entered.swarm.stop();
      throw error;
    }
  }

  get #options() {
    const { kill } = this.#controls;
    const common = swarmOptions(networkOf(this.#launch), this.#identity, this.#news);
    const connections = this.#launch.size + 64;
    return {
      ...common,
      node: { ...common.node, newConnections: NEW_CONNECTIONS, connections, relayed: false },
      admit: this.#admit,
      hello: this.#hello,
      ...(kill && { signal: kill }),
    };
  }

  readonly #hello: Hello = (to) =>
    helloOf({ identity: this.#identity, role: this.#role, ticket: () => this.#ticket(), run: () => RUN })(to);

  /** What the first says that goes on. */
  #ask(addresses: readonly string[]): Promise<Answered | undefined> {
    if (addresses.length === 0) return Promise.resolve(undefined);
    const { stop, kill } = this.#controls;
    const signal = AbortSignal.any([stop, kill].flatMap((one) => one ?? []));
    return inquire(addresses, {
      identity: this.#identity,
      hello: this.#hello,
      patience: seconds(LOOK_SECONDS),
      signal,
    });
  }

  async #enter(swarm: Swarm) {
    let late = false;
    const stop = () => void swarm.stop();
    const timer = setTimeout(() => {
      late = true;
      stop();
    }, WITHIN_SECONDS * 1000);
    this.#controls.stop?.addEventListener("abort", stop);
    if (this.#controls.stop?.aborted) stop(); // while it looked for the others
    try {
      const stay = await swarm.enter();
      this.#complete = true;
      return stay;
    } catch (error) {
      await swarm.stop();
      throw late ? this.#tooLate(error) : error;
    } finally {
      clearTimeout(timer);
      this.#controls.stop?.removeEventListener("abort", stop);
    }
  }

  #tooLate(cause: unknown): DeadlineError {
    const { size, source } = this.#launch;
    return new DeadlineError("launch", {
      expected: `${size} processes of ${source} within ${WITHIN_SECONDS / 60} min`,
      got: "fewer",
      hint: "See whether all have started, and whether they reach rank 0.",
      cause,
    });
  }

  /** All processes were given one command line: whoever differs has another version, or other files. */
  async #check(swarm: Swarm): Promise<void> {
    const { job, setting } = this.#opened;
    const about = readAbout(swarm.about);
    const [ours, theirs] = [optionsOf(job), optionsOf(about.job)];
    for (const name of Object.keys({ ...ours, ...theirs }) as (keyof typeof ours)[]) {
      if (name === "engine" || ours[name] === theirs[name]) continue;
      throw new ConfigError(`--${name}`, { expected: `${theirs[name] ?? "none"}, as rank 0 has it`, got: ours[name] });
    }
    checkData(setting, about, job);
    await checkLayout(this.#opened, about, job);
  }

  get #role(): "train" | "aggregate" {
    return this.#launch.rank === 0 && this.#opened.job.server === "own" ? "aggregate" : "train";
  }

  get #coordinator(): string {
    return addressOf(this.#launch.coordinator, this.#first);
  }

  /** Whoever knows the launch's word knows the swarm's key, and gives itself a ticket. */
  async #ticket(): Promise<string> {
    const expires = seconds(this.#controls.today() + OWN_TICKET_SECONDS);
    const terms = { role: this.#role, expires, addresses: [this.#coordinator] };
    return (await issueTicket(this.#keys.swarm, terms)).text;
  }

  readonly #admit: Admit = async (hello, remote) => {
    if (this.#complete && !this.#word.secret) {
      return { accepted: false, reason: "the launch is complete; with THINWIRE_SECRET its processes may come back" };
    }
    return this.#door(hello, remote);
  };

  async #about(): Promise<Uint8Array> {
    const { job, setting, layout } = this.#opened;
    return writeAbout({
      run: RUN,
      job,
      continued: setting.checkpoint !== undefined,
      data: "shared",
      dataChecksum: setting.dataChecksum,
      ...shapeOf(setting.data),
      parameters: layout.length,
      layout: await layoutHash(layout),
    });
  }
}

/** A launch is one run: its word keeps it apart from others. */
const RUN = "launch";

/** Where other processes of the launch may be found beside rank 0, by one that comes back. */
async function knownOthers(
  { launch, word }: Launching,
  keys: LaunchKeys,
  resume: string | undefined,
): Promise<string[]> {
  if (!word.secret) return []; // nobody is let in once all are there
  const record = resume === undefined ? undefined : await readLiveRecord(resume);
  const named = [...placesOf(launch)].map(async ([rank, place]) =>
    addressOf(place, (await keys.identity(rank)).peerId),
  );
  return [...(record?.members ?? []), ...(await Promise.all(named))];
}

function addressOf({ host, port }: Coordinator, node: string): string {
  const family = isIP(host);
  return `/${family === 0 ? "dns" : `ip${family}`}/${host}/tcp/${port}/p2p/${node}`;
}

function networkOf({ rank, size, coordinator, source }: Launch): NetworkChoice {
  const local = coordinator.host === "127.0.0.1" || coordinator.host === "localhost" || coordinator.host === "::1";
  // Pods have addresses of their own, and their network policy knows one port.
  const port = rank === 0 || source === "Kubernetes" ? coordinator.port : 0;
  const all = isIP(coordinator.host) === 6 ? "/ip6/::" : "/ip4/0.0.0.0";
  const loopback = coordinator.host === "::1" ? "/ip6/::1" : "/ip4/127.0.0.1";
  return {
    listen: [`${local ? loopback : all}/tcp/${port}`],
    announce: [],
    through: [],
    relay: false,
    detection: Math.max(DETECTION_SECONDS.least, DETECTION_SECONDS.perProcess * size),
    minority: "wait",
  };
}
