/**
 * A job on processes that a launcher has started: `mpirun`, `srun`, `torchrun`, an indexed Job of Kubernetes. Rank 0 founds
 * the swarm at the coordinator's address, the others join there; the first round waits for all.
 */
import { isIP } from "node:net";
import { ConfigError, DeadlineError } from "../base/errors.ts";
import { seconds } from "../base/units.ts";
import { type Admit, foundSwarm, joinSwarm, type Swarm } from "../transports/libp2p/index.ts";
import { KeyPair } from "../transports/libp2p/keys.ts";
import { issueTicket } from "../transports/libp2p/ticket.ts";
import { type Job, optionsOf } from "./job.ts";
import type { Launch } from "./launch.ts";
import { layoutHash, readAbout, shapeOf, writeAbout } from "./live-about.ts";
import { checkData, checkLayout } from "./live-data.ts";
import { doorOf, helloOf } from "./live-door.ts";
import { type NetworkChoice, swarmOptions } from "./live-network.ts";
import { LiveNews } from "./live-news.ts";
import { type Opened, openLive } from "./live-open.ts";
import { type LiveControls, liveRun } from "./live-run.ts";
import { keysOf, type LaunchWord } from "./live-word.ts";
import type { RunResult } from "./result.ts";

const OWN_TICKET_SECONDS = 3600;
/** Processes that share machines are busy for long when they begin, and each opens a link to each. */
const DETECTION_SECONDS = { least: 30, perProcess: 2 };
/** Processes of one launch come at once, and many from one host. */
const NEW_CONNECTIONS = 10_000;
const WITHIN_SECONDS = 600;

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
  readonly #keys: Awaited<ReturnType<typeof keysOf>>;
  readonly #identity: KeyPair;
  readonly #news: LiveNews;
  readonly #door: Admit;
  #complete = false;

  private constructor(
    opened: Opened,
    { launch, word }: Launching,
    controls: LiveControls,
    { keys, identity }: { keys: Awaited<ReturnType<typeof keysOf>>; identity: KeyPair },
  ) {
    this.#opened = opened;
    this.#launch = launch;
    this.#word = word;
    this.#controls = controls;
    this.#keys = keys;
    this.#identity = identity;
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
    const identity = launching.launch.rank === 0 ? keys.founder : await KeyPair.generate();
    return new LaunchMember(opened, launching, controls, { keys, identity });
  }

  async run(): Promise<RunResult> {
    const { rank, size } = this.#launch;
    const { kill } = this.#controls;
    const network = networkOf(this.#launch);
    const common = swarmOptions(network, this.#identity, this.#news);
    const options = {
      ...common,
      node: { ...common.node, newConnections: NEW_CONNECTIONS, connections: size + 64 },
      admit: this.#admit,
      hello: helloOf({ identity: this.#identity, role: this.#role, ticket: () => this.#ticket(), run: () => RUN }),
      ...(kill && { signal: kill }),
    };
    const swarm =
      rank === 0
        ? await foundSwarm({ ...options, role: this.#role, members: size, about: await this.#about() })
        : await joinSwarm({ ...options, addresses: [this.#coordinator], within: seconds(WITHIN_SECONDS) });
    const stay = await this.#enter(swarm);
    try {
      if (rank !== 0) await this.#check(swarm);
    } catch (error) {
      await swarm.stop();
      throw error;
    }
    const continued = () => readAbout(swarm.about).continued;
    const run = { folder: undefined, name: RUN };
    return await liveRun({ ...this.#opened, swarm, news: this.#news, stay, continued, run }, this.#controls);
  }

  async #enter(swarm: Swarm) {
    let late = false;
    const stop = () => void swarm.stop();
    const timer = setTimeout(() => {
      late = true;
      stop();
    }, WITHIN_SECONDS * 1000);
    this.#controls.stop?.addEventListener("abort", stop);
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
    const { host, port } = this.#launch.coordinator;
    const family = isIP(host);
    return `/${family === 0 ? "dns" : `ip${family}`}/${host}/tcp/${port}/p2p/${this.#keys.founder.peerId}`;
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
