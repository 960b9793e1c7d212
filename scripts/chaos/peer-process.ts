/**
 * One peer of a live swarm as a process of its own: the real command, its lines of JSON, its checkpoints and its memory.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

/** Lines that are kept of what it said, for whoever asks why it failed. */
const LAST_LINES = 40;

export interface Progress {
  /** Milliseconds, by the clock of the harness. */
  readonly at: number;
  readonly round: number;
}

export interface PeerEvents {
  /** A line, and what it tells of progress. */
  said(progress: Progress | undefined): void;
  /** It ended by itself. */
  end(peer: PeerProcess, code: number | null): void;
}

export class PeerProcess {
  readonly name: string;
  readonly folder: string;
  /** Since it was last started. */
  startedAt = 0;
  readonly lastLines: string[] = [];
  readonly #argsOf: (again: boolean) => readonly string[];
  readonly #on: PeerEvents;
  #child: ChildProcess | undefined;
  #starts = 0;
  #round = 0;

  constructor(name: string, folder: string, argsOf: (again: boolean) => readonly string[], on: PeerEvents) {
    this.name = name;
    this.folder = folder;
    this.#argsOf = argsOf;
    this.#on = on;
  }

  /** The newest round that it has told of. */
  get round(): number {
    return this.#round;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get runs(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    const args = [...this.#argsOf(this.#starts > 0), "--out", this.folder, "--log", "json"];
    this.#starts += 1;
    this.startedAt = performance.now();
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    let rest = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#hear(line);
    });
    child.on("close", (code) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#on.end(this, code);
    });
  }

  /** Dies as if its machine had. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resident memory in MiB; undefined if it does not run. */
  async memory(): Promise<number | undefined> {
    const status = await readFile(`/proc/${this.pid}/status`, "utf8").catch(() => "");
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kib === undefined ? undefined : Number(kib) / 1024;
  }

  #hear(line: string): void {
    this.lastLines.push(line);
    if (this.lastLines.length > LAST_LINES) this.lastLines.shift();
    const round = roundOf(line);
    if (round !== undefined) this.#round = round;
    this.#on.said(round === undefined ? undefined : { at: performance.now(), round });
  }
}

/** Undefined for a line that tells of no progress. */
function roundOf(line: string): number | undefined {
  try {
    const { event, round } = JSON.parse(line) as { event?: unknown; round?: unknown }; // written by the command
    return event === "progress" && typeof round === "number" ? round : undefined;
  } catch {
    return undefined;
  }
}
