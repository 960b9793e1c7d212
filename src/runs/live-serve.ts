/**
 * Serving: founds a live swarm, lets in whoever has a ticket, and trains in it. The folder of the run is the swarm's too: it
 * holds the swarm's key, the book of its tickets, and this peer's identity.
 */
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Seconds, seconds } from "../base/units.ts";
import { foundSwarm, type Hello, joinSwarm, type Swarm } from "../transports/libp2p/index.ts";
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
import { type LiveControls, liveRun } from "./live-run.ts";
import type { RunResult } from "./result.ts";
import { issueFrom, revokedIn, swarmKeyPath } from "./swarm-folder.ts";

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
  const { swarm, back } = await host.open(record?.members ?? []);
  try {
    if (!back) await tellTicket(swarm, choice, controls);
  } catch (error) {
    await swarm.stop();
    throw error;
  }
  const run = { folder, name: about.run };
  return await liveRun({ ...opened, swarm, news: host.news, continued: () => about.continued, run }, controls);
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

class Host {
  readonly news: LiveNews;
  readonly #choice: ServeChoice;
  readonly #controls: LiveControls;
  readonly #swarmKey: KeyPair;
  readonly #identity: KeyPair;
  readonly #about: About;
  #swarm: Swarm | undefined;

  constructor(choice: ServeChoice, controls: LiveControls, swarmKey: KeyPair, identity: KeyPair, about: About) {
    this.#choice = choice;
    this.#controls = controls;
    this.#swarmKey = swarmKey;
    this.#identity = identity;
    this.#about = about;
    this.news = new LiveNews(controls.say);
  }

  /** Comes back to a swarm that went on, else founds one. @param members where members were last found */
  async open(members: readonly string[]): Promise<{ readonly swarm: Swarm; readonly back: boolean }> {
    const { members: count, network } = this.#choice;
    const { kill } = this.#controls;
    const common = {
      ...swarmOptions(network, this.#identity, this.news),
      admit: this.#door(),
      hello: this.#hello,
      ...(kill && { signal: kill }),
    };
    const back = await this.#goesOn(members);
    this.#swarm = back
      ? await joinSwarm({ ...common, addresses: members })
      : await foundSwarm({ ...common, role: this.#role, members: count, about: writeAbout(this.#about) });
    return { swarm: this.#swarm, back };
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

  #door() {
    const { today, say } = this.#controls;
    return doorOf({
      swarm: this.#swarmKey.swarmId,
      node: this.#identity.peerId,
      run: () => this.#about.run,
      revoked: () => revokedIn(this.#choice.folder),
      today,
      onTrouble: (error) => say(`tickets cannot be checked: ${String(error)}`, "warning"),
    });
  }

  /** Whether other members of this run are at work. */
  async #goesOn(members: readonly string[]): Promise<boolean> {
    if (members.length === 0) return false;
    const { stop, kill } = this.#controls;
    const signal = AbortSignal.any([stop, kill].flatMap((one) => one ?? []));
    const inquiry = { identity: this.#identity, hello: this.#hello, patience: seconds(LOOK_SECONDS), signal };
    const answer = await inquire(members, inquiry);
    return answer !== undefined && readAbout(answer.about).run === this.#about.run;
  }
}

async function tellTicket({ addresses, node }: Swarm, choice: ServeChoice, controls: LiveControls): Promise<void> {
  const { folder, ticketLasts } = choice;
  controls.say(`serving as ${node}`);
  for (const address of addresses) controls.say(`at ${address}`);
  if (addresses.length === 0) return;
  const expires = seconds(controls.today() + ticketLasts);
  const { ticket } = await issueFrom(folder, { role: "train", expires, addresses: addresses.slice(0, ADDRESSES_MAX) });
  const path = join(folder, "ticket");
  await writeSecret(path, ticket);
  controls.say(`others join with the ticket in ${path}; keep it secret:`);
  controls.say(`thinwire join ${ticket.text}`);
}

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
