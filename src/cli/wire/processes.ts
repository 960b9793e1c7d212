/**
 * One process on each host, started together; what rank 0 prints last is the result.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Aborted, ConfigError } from "../../base/errors.ts";
import { oneLine } from "../complaints.ts";
import type { WireNetwork } from "./network.ts";

export interface Launch {
  readonly network: WireNetwork;
  /** What each host runs. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Rank 0 says this on stderr when training begins; after `secondsMax` all are asked to stop, as Ctrl-C does. Undefined: they stop by themselves. */
  readonly begins?: string;
  /** Whoever needs several times as long is killed. */
  readonly secondsMax: number;
  readonly signal: AbortSignal;
  /** Names the system in errors. */
  readonly what: string;
}

const PORT = "29500";
/** To start, and to end once asked to. */
const GRACE_SECONDS = 60;
/** The last steps of a slow link may take long. */
const PATIENCE = 4;

/** @returns the last line of rank 0's stdout @throws {Aborted | ConfigError} */
export async function runOnHosts({ network, command, env, begins, secondsMax, signal, what }: Launch): Promise<string> {
  const children: ChildProcess[] = [];
  const kill = (how: NodeJS.Signals) => {
    for (const child of children) child.kill(how);
  };
  const die = () => kill("SIGKILL");
  const timers = [setTimeout(die, 1000 * (PATIENCE * secondsMax + GRACE_SECONDS))];
  signal.addEventListener("abort", die);
  try {
    const outputs = Array.from({ length: network.hosts }, (_, rank) => {
      const place = {
        RANK: `${rank}`,
        WORLD_SIZE: `${network.hosts}`,
        MASTER_ADDR: network.address(0),
        MASTER_PORT: PORT,
      };
      const [program, args] = network.on(rank, command);
      const child = spawn(program, args, {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...env, ...place },
      });
      children.push(child);
      return outputOf(child);
    });
    whenSaid(children[0], begins, () => timers.push(setTimeout(() => kill("SIGINT"), 1000 * secondsMax)));
    const ended = await Promise.all(outputs);
    if (signal.aborted) throw new Aborted("bench wire", { expected: "to go on", got: "an interrupt" });
    const last = ended[0]?.stdout.trim().split("\n").at(-1) ?? "";
    if (last.startsWith("{")) return last;
    const complaint = ended.map(({ stderr }) => stderr.trim().split("\n").at(-1) ?? "").find((line) => line !== "");
    throw new ConfigError(what, { expected: "a result of rank 0", got: oneLine(complaint ?? "nothing") });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener("abort", die);
    die();
  }
}

function whenSaid(child: ChildProcess | undefined, what: string | undefined, then: () => void): void {
  let said = "";
  const listen = (chunk: Buffer) => {
    said += chunk.toString();
    if (what === undefined || !said.includes(what)) return;
    child?.stderr?.off("data", listen);
    then();
  };
  child?.stderr?.on("data", listen);
}

function outputOf(child: ChildProcess): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", (error) => resolve({ stdout, stderr: error.message }));
    child.on("close", () => resolve({ stdout, stderr }));
  });
}
