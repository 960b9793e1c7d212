/**
 * Members of a live swarm as child processes of the real command, on the loopback: what they say is waited for, never slept
 * for.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

/** A port of the loopback that nobody has now. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a TCP server's
  server.close();
  await once(server, "close");
  return String(port);
}

/** An empty folder, and who runs in it. */
export interface Place {
  readonly folder: string;
  readonly members: Member[];
}

/** After the test all who run in it are killed, and the folder is gone. */
export async function temporaryPlace(t: TestContext): Promise<Place> {
  const place: Place = { folder: await mkdtemp(join(tmpdir(), "thinwire-live-")), members: [] };
  t.after(async () => {
    for (const member of place.members) member.kill("SIGKILL");
    await Promise.all(place.members.map(({ over }) => over));
    await rm(place.folder, { recursive: true, force: true });
  });
  return place;
}

/** A line of `--log json`. */
export interface Line {
  readonly event: string;
  readonly level: string;
  readonly message?: string;
  readonly round?: number;
  readonly status?: string;
  readonly accuracy?: number;
  readonly parameters?: string;
}

export interface Over {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Member {
  readonly name: string;
  readonly lines: Line[] = [];
  readonly over: Promise<Over>;
  readonly #child: ChildProcess;
  #stderr = "";
  #stdout = "";
  #ended = false;
  #waiting: (() => void)[] = [];

  /** @param on what the command line begins with, to run elsewhere than on this host */
  constructor(
    at: Place,
    name: string,
    args: readonly string[],
    env: Record<string, string> = {},
    on: readonly string[] = [],
  ) {
    this.name = name;
    const [program = "", ...rest] = [...on, process.execPath, MAIN, ...args];
    const child = spawn(program, rest, {
      cwd: at.folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
    this.over = new Promise((resolve) => {
      child.on("close", (code) => {
        this.#ended = true;
        this.#look();
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
    at.members.push(this);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The first line from the `from`th on of which `wanted` is true. */
  async line(wanted: (line: Line) => boolean, what: string, from = 0): Promise<Line> {
    for (;;) {
      const found = this.lines.slice(from).find(wanted);
      if (found !== undefined) return found;
      assert.ok(!this.#ended, `${this.name} ended before it said ${what}:\n${this.#stderr}${this.#stdout}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  says(text: RegExp, from = 0): Promise<Line> {
    return this.line(({ message }) => message !== undefined && text.test(message), String(text), from);
  }

  /** Progress at a round above `round`. */
  passes(round: number, from = 0): Promise<Line> {
    return this.line((line) => (line.round ?? -1) > round, `that round ${round} is over`, from);
  }

  /** The newest round that it told of. */
  get round(): number {
    return Math.max(0, ...this.lines.map(({ round }) => round ?? 0));
  }

  /** The object on the last line of stdout. */
  async result(code: number): Promise<Record<string, unknown>> {
    const over = await this.over;
    assert.equal(over.code, code, `${this.name}: ${over.stderr}`);
    return JSON.parse(over.stdout.trimEnd().split("\n").at(-1) ?? "");
  }

  #hear(text: string): void {
    const whole = this.#stderr.lastIndexOf("\n") + 1;
    this.#stderr += text;
    const end = this.#stderr.lastIndexOf("\n") + 1;
    for (const line of this.#stderr.slice(whole, end).split("\n"))
      if (line.startsWith("{")) this.lines.push(JSON.parse(line));
    this.#look();
  }

  #look(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Short, for those who wait to lose somebody; long enough for a busy machine not to lose others. */
const QUICK = ["--lost-after", "4s", "--log", "json", "--json"];

const listening = (args: readonly string[]) => (args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"]);

export function serve(at: Place, args: readonly string[]): Member {
  return new Member(at, "server", ["serve", "--out", "server", ...listening(args), ...QUICK, ...args]);
}

export function joiner(at: Place, name: string, ticket: string, args: readonly string[] = []): Member {
  return new Member(at, name, ["join", ticket, "--out", name, "--listen", "127.0.0.1:0", ...QUICK, ...args]);
}

/** The ticket that a server has printed. */
export async function ticketOf(server: Member): Promise<string> {
  const { message = "" } = await server.says(/^thinwire join /);
  return message.replace("thinwire join ", "");
}

export const resultIn = async ({ folder }: Place, name: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(folder, name, "result.json"), "utf8"));
