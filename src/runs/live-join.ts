/**
 * Joining: asks a live swarm what it is about, opens the same model and its own data, becomes a member, is given the state,
 * and trains until the run is over. Coming back is the same.
 */
import { ConfigError } from "../base/errors.ts";
import { seconds } from "../base/units.ts";
import { isModelFile } from "../models/load.ts";
import { type Hello, joinSwarm, Revocations, type Role, type Stay, type Swarm } from "../transports/libp2p/index.ts";
import type { KeyPair } from "../transports/libp2p/keys.ts";
import { checkTicket, parseTicket, type Ticket } from "../transports/libp2p/ticket.ts";
import { checkJob, type Job, type JobOptions, optionsOf } from "./job.ts";
import { keyFromFile } from "./key-files.ts";
import { type About, readAbout } from "./live-about.ts";
import { checkData, checkLayout, dataFor } from "./live-data.ts";
import { doorOf, helloOf } from "./live-door.ts";
import { peerKeyPath, readLiveRecord } from "./live-folder.ts";
import { inquire } from "./live-inquiry.ts";
import { type NetworkChoice, swarmOptions } from "./live-network.ts";
import { LiveNews } from "./live-news.ts";
import { checkRole, type Opened, openLive } from "./live-open.ts";
import { type LiveControls, liveRun } from "./live-run.ts";
import type { RunResult } from "./result.ts";

export interface JoinChoice {
  readonly network: NetworkChoice;
  readonly role: Exclude<Role, "aggregate">;
  /** What this peer was told to run; what is left out it takes from the swarm. */
  readonly options: JobOptions;
  readonly folder: string;
}

export interface Joining {
  /** What this peer will run. */
  readonly job: Job;
  run(): Promise<RunResult>;
}

/** How long a member may take to say what the swarm is about. */
const ASK_SECONDS = 10;

/**
 * Finds out what the swarm runs, and opens data and model for it.
 * @throws {AdmissionError} for a ticket that has expired {ConfigError} for one that is none, if the swarm refuses, nobody
 *   answers, or the job differs from what this peer was told to run {DataError | ModelError | CheckpointError | Aborted}
 */
export async function prepareJoin(text: string, choice: JoinChoice, controls: LiveControls): Promise<Joining> {
  const ticket = await parseTicket(text);
  checkTicket(ticket, controls.today(), new Set());
  const identity = await keyFromFile(peerKeyPath(choice.folder), "peer");
  const record = controls.resume === undefined ? undefined : await readLiveRecord(choice.folder);
  const joiner = new Joiner({ ticket, choice, controls, identity, run: record?.run });
  return await joiner.prepare(record?.members ?? []);
}

interface JoinerSetup {
  readonly ticket: Ticket;
  readonly choice: JoinChoice;
  readonly controls: LiveControls;
  readonly identity: KeyPair;
  /** The run to go on with, if it is not just any. */
  readonly run: string | undefined;
}

class Joiner {
  readonly #setup: JoinerSetup;
  readonly #news: LiveNews;
  /** As far as other members have told. */
  readonly #revocations: Revocations;
  #run: string | undefined;

  constructor(setup: JoinerSetup) {
    this.#setup = setup;
    this.#run = setup.run;
    this.#news = new LiveNews(setup.controls.say);
    this.#revocations = new Revocations(setup.ticket.swarm);
  }

  async prepare(members: readonly string[]): Promise<Joining> {
    const { ticket } = this.#setup;
    const addresses = [...new Set([...ticket.addresses, ...members])];
    const asked = await this.#inquire(addresses);
    // Before the first round only those are told who join.
    const early = asked === undefined ? await this.#enter(addresses) : undefined;
    try {
      const about = readAbout(asked?.about ?? early!.swarm.about);
      const opened = await this.#open(about);
      return { job: opened.job, run: () => this.#train(opened, about, addresses, early) };
    } catch (error) {
      await early?.stay.leave(); // the others need not wait to lose it
      await early?.swarm.stop();
      throw error;
    }
  }

  async #inquire(addresses: readonly string[]) {
    const { identity, controls } = this.#setup;
    const signal = AbortSignal.any([controls.stop, controls.kill].flatMap((one) => one ?? []));
    return await inquire(addresses, { identity, hello: this.#hello, patience: seconds(ASK_SECONDS), signal });
  }

  async #enter(addresses: readonly string[]): Promise<{ swarm: Swarm; stay: Stay }> {
    const { controls } = this.#setup;
    const swarm = await this.#join(addresses);
    const stop = () => void swarm.stop();
    controls.stop?.addEventListener("abort", stop);
    try {
      return { swarm, stay: await swarm.enter() };
    } catch (error) {
      await swarm.stop();
      throw error;
    } finally {
      controls.stop?.removeEventListener("abort", stop);
    }
  }

  /** What this peer runs of what the swarm is about. */
  async #open(about: About): Promise<Opened> {
    const { choice, controls } = this.#setup;
    const job = jobFor(about, choice.options);
    checkRole(job, choice.role);
    const opened = await openLive(job, about.data === "shared", { ...controls, out: choice.folder });
    checkData(opened.setting, about, job);
    await checkLayout(opened, about, job);
    return opened;
  }

  async #train(
    opened: Opened,
    about: About,
    addresses: readonly string[],
    early: { readonly swarm: Swarm; readonly stay: Stay } | undefined,
  ): Promise<RunResult> {
    const { choice, controls } = this.#setup;
    const { folder } = choice;
    this.#run = about.run;
    const swarm = early?.swarm ?? (await this.#join(addresses));
    // What the swarm says once this peer is in counts: it may have been founded anew since it was asked.
    const continued = () => readAbout(swarm.about).continued;
    const run = { folder, name: about.run };
    const elsewhere = async (own: Stay) => {
      const answer = await this.#inquire(addresses);
      return answer !== undefined && !answer.view.members.some(({ node, id }) => node === swarm.node && id === own.id);
    };
    const peer = { ...opened, swarm, news: this.#news, stay: early?.stay, continued, elsewhere, run };
    return await liveRun(peer, controls);
  }

  #join(addresses: readonly string[]): Promise<Swarm> {
    const { ticket, choice, controls, identity } = this.#setup;
    const { today, say, kill } = controls;
    return joinSwarm({
      ...swarmOptions(choice.network, identity, this.#news, this.#revocations),
      addresses,
      hello: this.#hello,
      admit: doorOf({
        swarm: ticket.swarm,
        node: identity.peerId,
        run: () => this.#run,
        revoked: () => this.#revocations.serials,
        today,
        onTrouble: (error) => say(String(error), "warning"),
      }),
      ...(kill && { signal: kill }),
    });
  }

  readonly #hello: Hello = (to) => {
    const { ticket, choice, identity } = this.#setup;
    const { role } = choice;
    return helloOf({ identity, role, ticket: () => ticket.text, run: () => this.#run })(to);
  };
}

/** Decided by each peer for itself. */
const OWN: ReadonlySet<keyof JobOptions> = new Set(["data", "engine"]);

/**
 * The job of the swarm with this peer's own data, engine and model file.
 * @throws {ConfigError} naming what this peer was told to run, and the swarm does not
 */
export function jobFor(about: About, said: JobOptions): Job {
  const theirs = optionsOf(about.job);
  if (isModelFile(about.job.model) && said.model === undefined) {
    throw new ConfigError("--model", {
      expected: `the file of the swarm's model on this machine; the others call it ${about.job.model}`,
      got: "none",
    });
  }
  for (const [name, value] of Object.entries(said) as [keyof JobOptions, string][]) {
    if (OWN.has(name) || (name === "model" && isModelFile(about.job.model) && isModelFile(value))) continue;
    const wanted = name === "recipe" ? checkJob({ recipe: value }).recipe : named(theirs, name, value);
    if (wanted === theirs[name]) continue;
    throw new ConfigError(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, {
      expected: `${theirs[name] ?? "none"}, as the swarm trains`,
      got: value,
      hint: "What is left out is taken from the swarm.",
    });
  }
  const model = said.model === undefined ? {} : { model: said.model };
  return checkJob({ ...theirs, ...model, data: dataFor(about, said.data), engine: said.engine ?? "auto" });
}

/** The usual form of an option's value. @throws {ConfigError} */
const named = (theirs: JobOptions, name: keyof JobOptions, value: string): string | undefined =>
  optionsOf(checkJob({ ...theirs, [name]: value }))[name];
