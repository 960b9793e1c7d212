/**
 * A live swarm on the loopback: the processes, the cables between them, and how far they are.
 */
import { mkdir, readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { Front } from "./pace.ts";
import { PeerProcess } from "./peer-process.ts";
import { type Cable, Proxies, type Wired } from "./proxy.ts";

export interface SwarmSettings {
  readonly folder: string;
  readonly peers: number;
  /** Detection, in seconds. */
  readonly lostAfter: number;
  /** Rounds between two reports of progress, and between two checkpoints. */
  readonly evalEvery: number;
  readonly checkpointEvery: number;
  /** Options of `thinwire serve`: the job. */
  readonly job: readonly string[];
  readonly seed: number;
}

/** How long anything may take that has to happen, in milliseconds. */
const PATIENCE_MS = 90_000;

export class ChaosSwarm {
  readonly front: Front = new Front();
  /** What went wrong with processes. */
  readonly failures: string[] = [];
  readonly peers: readonly PeerProcess[];
  readonly #settings: SwarmSettings;
  readonly #proxies = new Proxies();
  readonly #wired: readonly Wired[];
  readonly #ports: { readonly listen: number; readonly announce: number }[] = [];
  #ticket = "";
  #waiting: (() => void)[] = [];

  constructor(settings: SwarmSettings) {
    this.#settings = settings;
    this.peers = Array.from({ length: settings.peers }, (_, i) => this.#peer(i));
    this.#wired = this.peers.map((peer) => ({
      get pid() {
        return peer.pid;
      },
      cable: "open",
    }));
  }

  /** Resolves when all peers have trained. */
  async gather(): Promise<void> {
    await mkdir(this.#settings.folder, { recursive: true });
    for (const wired of this.#wired) {
      const listen = await freePort();
      this.#ports.push({ listen, announce: await this.#proxies.add(wired, listen) });
    }
    const [server, ...joiners] = this.peers as [PeerProcess, ...PeerProcess[]];
    server.start();
    await this.until(
      () => server.lastLines.some((line) => line.includes("thinwire join")),
      "the server says its ticket",
    );
    this.#ticket = (await readFile(join(server.folder, "ticket"), "utf8")).trim();
    for (const joiner of joiners) {
      joiner.start(); // one after the other: eight that start at once on two cores are silent for too long
      await this.until(() => joiner.round > 0, `${joiner.name} trains`);
    }
  }

  cable(peer: number, cable: Cable): void {
    this.#proxies.set(this.#wired[peer]!, cable);
  }

  /** Looks again after every line of a peer. @throws {Error} if it takes too long */
  async until(holds: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!holds()) {
      if (performance.now() > deadline)
        throw new Error(`waited ${PATIENCE_MS / 1000} s in vain until ${what}; ${this.#told()}`);
      await this.#news(deadline - performance.now());
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.kill()));
    this.#proxies.close();
  }

  #peer(i: number): PeerProcess {
    return new PeerProcess(`peer ${i}`, join(this.#settings.folder, `peer-${i}`), (again) => this.#args(i, again), {
      said: (progress) => {
        if (progress !== undefined) this.front.advance(progress);
        this.#wake();
      },
      end: (peer, code) => {
        this.failures.push(`${peer.name} ended by itself with ${code}: ${peer.lastLines.slice(-3).join(" | ")}`);
        this.#wake();
      },
    });
  }

  #args(i: number, again: boolean): string[] {
    const { job, lostAfter, evalEvery, checkpointEvery, peers, seed } = this.#settings;
    const { listen, announce } = this.#ports[i]!;
    const network = ["--listen", `127.0.0.1:${listen}`, "--announce", `127.0.0.1:${announce}`];
    const common = [...network, "--lost-after", `${lostAfter}s`, "--checkpoint-every", `${checkpointEvery}`];
    const coming = again ? ["--continue"] : [];
    if (i > 0) return ["join", this.#ticket, ...common, ...coming];
    const rounds = ["--rounds", "100000000", "--eval-every", `${evalEvery}`, "--seed", `${seed}`];
    return ["serve", "--peers", `${peers}`, ...rounds, ...job, ...common, ...coming];
  }

  /** Resolves at the next report, or when `ms` are over. */
  #news(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms));
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  #told(): string {
    const last = this.peers.map(
      ({ name, round, lastLines }) => `${name} at round ${round}: ${lastLines.slice(-2).join(" | ")}`,
    );
    return [...this.failures, ...last].join("\n");
  }
}

/** Free at this moment: a peer that comes back listens where it did. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo; // it listens on TCP
      server.close(() => resolve(port));
    });
  });
}
