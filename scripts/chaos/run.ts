/**
 * A run of chaos: one process after the other is killed, stopped or cut off, and comes back, while the others train on.
 */
import { type FaultKind, faults } from "./faults.ts";
import { type Growth, grows, MemoryWatch } from "./memory.ts";
import type { PeerProcess } from "./peer-process.ts";
import { Replicas } from "./replicas.ts";
import { ChaosSwarm, type SwarmSettings } from "./swarm.ts";

export interface ChaosSettings extends SwarmSettings {
  /** Faults are over when this many have struck, or this time is over. */
  readonly until: { readonly faults: number } | { readonly seconds: number };
  /** Seconds from one fault to the next, and how long whoever is struck stays away, at least. */
  readonly every: number;
  readonly away: number;
  /** Seconds for each measurement of the pace without faults; 0 measures none. */
  readonly measure: number;
  readonly say: (line: string) => void;
  /** Ends the run at once. */
  readonly stop?: AbortSignal;
}

export interface ChaosReport {
  readonly seconds: number;
  readonly rounds: number;
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** Of which the parameters of at least two members were compared, and how they differed. */
  readonly roundsCompared: number;
  readonly differences: readonly string[];
  readonly failures: readonly string[];
  /** Seconds from the end of a fault until its peer trains with the others: the most. */
  readonly backWithin: number;
  /** Seconds without any round: the most. */
  readonly longestPause: number;
  readonly pace: Pace | null;
  readonly memory: {
    readonly peakMiB: number;
    readonly growth: readonly Growth[];
    readonly growing: readonly Growth[];
  };
}

export interface Pace {
  /** Rounds a second without faults, of all and of all but one. */
  readonly all: number;
  readonly oneLess: number;
  readonly chaos: number;
  /** Of what those that were there would have done without faults; and the same beside the time of detection. */
  readonly share: number;
  readonly shareBesideDetection: number;
}

const SAMPLE_MS = 500;
const MEMORY_EVERY = 10;

/** Reports of progress of the others after which whoever is struck was left behind. */
const LEFT_BEHIND = 3;

/** @throws {Error} if something that has to happen does not, with what the peers said last; if `stop` fires */
export async function chaos(settings: ChaosSettings): Promise<ChaosReport> {
  const swarm = new ChaosSwarm(settings);
  const { stop } = settings;
  const stopped = new Promise<never>((_, reject) => {
    stop?.addEventListener("abort", () => reject(new Error("the run of chaos was stopped")));
  });
  try {
    return await Promise.race([new ChaosRun(swarm, settings).run(), stopped]);
  } finally {
    await swarm.close();
  }
}

class ChaosRun {
  readonly #swarm: ChaosSwarm;
  readonly #settings: ChaosSettings;
  readonly #replicas = new Replicas();
  readonly #memory = new MemoryWatch();
  readonly #struck: Record<FaultKind, number> = { kill: 0, stop: 0, reset: 0, silence: 0 };
  /** Milliseconds in which all were there, and in which one was away. */
  #awayMs = 0;
  #backMs = 0;
  #samples = 0;

  constructor(swarm: ChaosSwarm, settings: ChaosSettings) {
    this.#swarm = swarm;
    this.#settings = settings;
  }

  async run(): Promise<ChaosReport> {
    const { say, measure } = this.#settings;
    await this.#swarm.gather();
    const sampler = setInterval(() => void this.#sample(), SAMPLE_MS);
    try {
      const before = measure > 0 ? await this.#quiet() : undefined;
      if (before) say(`without faults: ${before.all.toFixed(1)} rounds/s, one less ${before.oneLess.toFixed(1)}`);
      const began = performance.now();
      await this.#strikeAll(began);
      const ended = performance.now();
      const after = before && (await this.#quiet());
      if (after) say(`without faults: ${after.all.toFixed(1)} rounds/s, one less ${after.oneLess.toFixed(1)}`);
      await this.#sample();
      return this.#report(began, ended, before && after && [before, after]);
    } finally {
      clearInterval(sampler);
    }
  }

  async #strikeAll(began: number): Promise<void> {
    const { seed, peers, until, every } = this.#settings;
    let struck = 0;
    for (const { kind, peer } of faults(seed, peers)) {
      const over = "faults" in until ? struck >= until.faults : performance.now() - began > 1000 * until.seconds;
      if (over) return;
      const next = performance.now() + 1000 * every;
      await this.#strike(kind, peer);
      struck += 1;
      await elapse(next - performance.now());
    }
  }

  /** Resolves when whoever was struck trains with the others again. */
  async #strike(kind: FaultKind, index: number): Promise<void> {
    const { away, evalEvery, say } = this.#settings;
    const { front, peers } = this.#swarm;
    const peer = peers[index]!;
    const from = performance.now();
    const { round } = front;
    say(`round ${round}: ${kind} ${peer.name}`);
    await this.#begin(kind, index);
    await elapse(1000 * away);
    const behind = () => front.round >= round + LEFT_BEHIND * evalEvery;
    await this.#swarm.until(behind, `the others train on without ${peer.name} (${kind})`);
    const healed = performance.now();
    this.#end(kind, index);
    const wanted = front.round;
    await this.#swarm.until(() => peer.round >= wanted, `${peer.name} is back at round ${wanted} (${kind})`);
    const back = performance.now() - healed;
    say(`round ${front.round}: ${peer.name} is back after ${(back / 1000).toFixed(1)} s`);
    this.#struck[kind] += 1;
    this.#awayMs += performance.now() - from;
    this.#backMs = Math.max(this.#backMs, back);
  }

  async #begin(kind: FaultKind, index: number): Promise<void> {
    const peer = this.#swarm.peers[index]!;
    if (kind === "kill") await peer.kill();
    else if (kind === "stop") peer.signal("SIGSTOP");
    else this.#swarm.cable(index, kind === "reset" ? "reset" : "silent");
  }

  #end(kind: FaultKind, index: number): void {
    const peer = this.#swarm.peers[index]!;
    if (kind === "kill") peer.start();
    else if (kind === "stop") peer.signal("SIGCONT");
    else this.#swarm.cable(index, "open");
  }

  /** The pace without faults, of all members and of all but the last. */
  async #quiet(): Promise<{ all: number; oneLess: number }> {
    const { front, peers } = this.#swarm;
    const all = await this.#rate();
    const last = peers.at(-1)!;
    await last.kill();
    const { round } = front;
    await this.#swarm.until(() => front.round > round + this.#settings.evalEvery, "the others train on");
    const oneLess = await this.#rate();
    last.start();
    const wanted = front.round;
    await this.#swarm.until(() => last.round >= wanted, `${last.name} is back`);
    return { all, oneLess };
  }

  async #rate(): Promise<number> {
    const from = performance.now();
    await elapse(1000 * this.#settings.measure);
    const { front } = this.#swarm;
    const { round } = front;
    const until = performance.now();
    await this.#swarm.until(() => front.round > round, "the swarm trains");
    return front.rate(from, until);
  }

  async #sample(): Promise<void> {
    const { peers } = this.#swarm;
    await Promise.all(peers.map(({ name, folder }) => this.#replicas.look(name, folder)));
    this.#samples += 1;
    if (this.#samples % MEMORY_EVERY !== 0) return;
    await Promise.all(peers.map((peer) => this.#weigh(peer)));
  }

  async #weigh(peer: PeerProcess): Promise<void> {
    const mib = await peer.memory();
    if (mib !== undefined) this.#memory.note(peer.name, peer.startedAt, performance.now(), mib);
  }

  #report(began: number, ended: number, quiet: readonly { all: number; oneLess: number }[] | undefined): ChaosReport {
    const { front, failures } = this.#swarm;
    const growth = this.#memory.growth();
    return {
      seconds: (ended - began) / 1000,
      rounds: Math.round(front.roundAt(ended) - front.roundAt(began)),
      faults: this.#struck,
      roundsCompared: this.#replicas.compared,
      differences: this.#replicas.differences,
      failures,
      backWithin: this.#backMs / 1000,
      longestPause: front.longestPause(began, ended) / 1000,
      pace: quiet === undefined ? null : this.#pace(began, ended, quiet),
      memory: { peakMiB: this.#memory.peak, growth, growing: growth.filter(grows) },
    };
  }

  #pace(began: number, ended: number, quiet: readonly { all: number; oneLess: number }[]): Pace {
    const mean = (of: (pace: { all: number; oneLess: number }) => number) =>
      quiet.map(of).reduce((a, b) => a + b) / quiet.length;
    const all = mean((pace) => pace.all);
    const oneLess = mean((pace) => pace.oneLess);
    const { front } = this.#swarm;
    const done = front.roundAt(ended) - front.roundAt(began);
    const awaySeconds = this.#awayMs / 1000;
    const expected = all * ((ended - began) / 1000 - awaySeconds) + oneLess * awaySeconds;
    const detecting = this.#settings.lostAfter * (this.#struck.stop + this.#struck.silence);
    return {
      all,
      oneLess,
      chaos: front.rate(began, ended),
      share: done / expected,
      shareBesideDetection: done / (expected - oneLess * detecting),
    };
  }
}

const elapse = (ms: number): Promise<void> =>
  ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
