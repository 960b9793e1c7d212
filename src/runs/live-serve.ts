/**
 * Serving: founds a live swarm, lets in whoever has a ticket, and trains in it. The folder of the run is the swarm's too: it
 * holds the swarm's key, the book of its tickets, and this peer's identity.
 */
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Seconds, seconds } from "../base/units.ts";
import type { Answered } from "../transports/libp2p/ask.ts";
import {
  type Admit,
  foundSwarm,
  type Hello,
  joinSwarm,
  Revocations,
  type Stay,
  type Swarm,
  signRevocations,
} from "../transports/libp2p/index.ts";
import type { KeyPair } from "../transports/libp2p/keys.ts";
import { issueTicket, type Ticket } from "../transports/libp2p/ticket.ts";
import type { Job } from "./job.ts";
import { keyFromFile } from "./key-files.ts";
import { type About, layoutHash, readAbout, shapeOf, writeAbout } from "./live-about.ts";
import { doorOf, helloOf } from "./live-door.ts";
import { peerKeyPath, readLiveRecord } from "./live-folder.ts";
import { inquire } from "./live-inquiry.ts";
import { type NetworkChoice, swarmOptions } from "./live-network.ts";
import { LiveNews } from "./live-news.ts";
import { checkRole, type Opened, openLive } from "./live-open.ts";
import { comeBack } from "./live-return.ts";
import { type LiveControls, liveRun } from "./live-run.ts";
import type { RunResult } from "./result.ts";
import { issueFrom, revokedIn, swarmKeyPath, ticketsOf } from "./swarm-folder.ts";

export interface ServeChoice {
  readonly network: NetworkChoice;
  /** Members that the first round waits for. */
  readonly members: number;
  /** Each peer brings data of its own. */
  readonly ownData: boolean;
  /** How long the ticket holds that is printed. */
  readonly ticketLasts: Seconds;
  /** Of the run and of the swarm. */
  readonly folder: string;
}

/** Between two looks at the book of tickets. */
const LOOK_AT_BOOK_MS = 2000;

/** Own tickets are made for each hello, and need not hold for long. */
const OWN_TICKET_SECONDS = 3600;

/** How long members that were known are looked for before a swarm is founded again. */
const LOOK_SECONDS = 3;

/** @throws {ConfigError | DataError | ModelError | CheckpointError | AdmissionError} {Aborted} */
export async function serve(job: Job, choice: ServeChoice, controls: LiveControls): Promise<RunResult> {
  const { folder } = choice;
  checkRole(job, job.server === "own" ? "aggregate" : "train");
  const opened = await openLive(job, !choice.ownData, { ...controls, out: folder });
  const swarmKey = await keyFromFile(swarmKeyPath(folder), "swarm");
  const identity = await keyFromFile(peerKeyPath(folder), "peer");
  const record = opened.setting.checkpoint && (await readLiveRecord(folder));
  const about = await aboutOf(opened, record?.run ?? crypto.randomUUID());
  const host = new Host(choice, controls, swarmKey, identity, about);
  await host.publishRevoked();
  const { swarm, stay } = (await host.comeBack(record?.members ?? [])) ?? (await host.found());
  try {
    if (stay === undefined) await tellTicket(swarm, choice, controls);
  } catch (error) {
    await swarm.stop();
    throw error;
  }
  const run = { folder, name: about.run };
  const watching = setInterval(() => void host.publishRevoked(), LOOK_AT_BOOK_MS).unref();
  try {
    return await liveRun({ ...opened, swarm, news: host.news, stay, continued: () => about.continued, run }, controls);
  } finally {
    clearInterval(watching);
  }
}

async function aboutOf({ job, setting, layout }: Opened, run: string): Promise<About> {
  return {
    run,
    job,
    continued: setting.checkpoint !== undefined,
    data: setting.shared ? "shared" : "own",
    dataChecksum: setting.dataChecksum,
    ...shapeOf(setting.data),
    parameters: layout.length,
    layout: await layoutHash(layout),
  };
}

interface Entered {
  readonly swarm: Swarm;
  /** Where it is a member already. */
  readonly stay?: Stay | undefined;
}

class Host {
  readonly news: LiveNews;
  readonly #choice: ServeChoice;
  readonly #controls: LiveControls;
  readonly #swarmKey: KeyPair;
  readonly #identity: KeyPair;
  readonly #about: About;
  readonly #admit: Admit;
  readonly #revocations: Revocations;
  #swarm: Swarm | undefined;
  /** Why the book could not be read at the last look. */
  #trouble = "";

  constructor(choice: ServeChoice, controls: LiveControls, swarmKey: KeyPair, identity: KeyPair, about: About) {
    this.#choice = choice;
    this.#controls = controls;
    this.#swarmKey = swarmKey;
    this.#identity = identity;
    this.#about = about;
    this.news = new LiveNews(controls.say);
    this.#revocations = new Revocations(swarmKey.swarmId);
    this.#admit = doorOf({
      swarm: swarmKey.swarmId,
      node: identity.peerId,
      run: () => about.run,
      revoked: async () => new Set([...(await revokedIn(choice.folder)), ...this.#revocations.serials]),
      today: controls.today,
      onTrouble: (error) => controls.say(`tickets cannot be checked: ${String(error)}`, "warning"),
    });
  }

  /** A member again of the swarm that went on; undefined if none did. @param members where members were last found */
  async comeBack(members: readonly string[]): Promise<Entered | undefined> {
    if (members.length === 0) return undefined;
    const returned = await comeBack({
      ask: () => this.#ask(members),
      isOurs: (about) => readAbout(about).run === this.#about.run,
      join: async () => {
        const within = seconds(this.#choice.network.detection);
        this.#swarm = await joinSwarm({ ...this.#options, addresses: members, within });
        return this.#swarm;
      },
      stop: this.#controls.stop,
    });
    if (returned === "too few") {
      this.#controls.say("those members are too few to go on: beginning anew from what was saved");
    }
    return typeof returned === "string" ? undefined : returned;
  }

  async found(): Promise<Entered> {
    const { members } = this.#choice;
    const about = writeAbout(this.#about);
    this.#swarm = await foundSwarm({ ...this.#options, role: this.#role, members, about });
    return { swarm: this.#swarm };
  }

  get #options() {
    const { kill } = this.#controls;
    const { network } = this.#choice;
    const common = swarmOptions(network, this.#identity, this.news, this.#revocations);
    return { ...common, admit: this.#admit, hello: this.#hello, ...(kill && { signal: kill }) };
  }

  /** Tickets that the book calls revoked are made known to all members, now and whenever there are more. */
  async publishRevoked(): Promise<void> {
    try {
      const revoked = (await ticketsOf(this.#choice.folder)).filter((ticket) => ticket.revoked);
      const latestLast = revoked.toSorted((a, b) => a.expires - b.expires);
      const serials = this.#revocations.listFor(latestLast.map(({ serial }) => serial));
      this.#trouble = "";
      if (serials === undefined) return;
      const at = seconds(Math.max(this.#controls.today(), this.#revocations.at + 1));
      await this.#revocations.take(await signRevocations(this.#swarmKey, serials, at));
    } catch (error) {
      if (this.#trouble !== String(error)) this.#controls.say(`tickets cannot be revoked: ${error}`, "warning");
      this.#trouble = String(error);
    }
  }

  get #role(): "train" | "aggregate" {
    return this.#about.job.server === "own" ? "aggregate" : "train";
  }

  readonly #hello: Hello = async (to) => {
    const { today } = this.#controls;
    const expires = seconds(today() + OWN_TICKET_SECONDS);
    const { listen } = this.#choice.network;
    const addresses = [
      this.#swarm?.addresses[0] ?? `${listen[0] ?? "/ip4/127.0.0.1/tcp/1"}/p2p/${this.#identity.peerId}`,
    ];
    const ticket = async () => (await issueTicket(this.#swarmKey, { role: this.#role, expires, addresses })).text;
    const say = helloOf({ identity: this.#identity, role: this.#role, ticket, run: () => this.#about.run });
    return say(to);
  };

  #ask(members: readonly string[]): Promise<Answered | undefined> {
    const { stop, kill } = this.#controls;
    const signal = AbortSignal.any([stop, kill].flatMap((one) => one ?? []));
    return inquire(members, { identity: this.#identity, hello: this.#hello, patience: seconds(LOOK_SECONDS), signal });
  }
}

async function tellTicket({ addresses, node }: Swarm, choice: ServeChoice, controls: LiveControls): Promise<void> {
  const { folder, ticketLasts } = choice;
  controls.say(`serving as ${node}`);
  for (const address of addresses) controls.say(`at ${address}`);
  if (addresses.length === 0) return;
  const expires = seconds(controls.today() + ticketLasts);
  const told = addresses.toSorted((a, b) => Number(isLoopback(a)) - Number(isLoopback(b))).slice(0, ADDRESSES_MAX);
  const { ticket } = await issueFrom(folder, { role: "train", expires, addresses: told });
  const path = join(folder, "ticket");
  await writeSecret(path, ticket);
  controls.say(`others join with the ticket in ${path}; keep it secret:`);
  controls.say(`thinwire join ${ticket.text}`);
}

const isLoopback = (address: string): boolean => /^\/ip4\/127\.|^\/ip6\/::1\//.test(address);

/** Addresses of a ticket. */
const ADDRESSES_MAX = 4;

async function writeSecret(path: string, { text }: Ticket): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(`${text}\n`);
  } finally {
    await file.close();
  }
}
