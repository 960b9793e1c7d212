/**
 * Many peers on one machine, each a process of its own, that train a small model together over libp2p until it is good
 * enough: how long it takes, start and end included, and what each weighs.
 *
 *     node scripts/crowd.ts [--peers 64] [--until accuracy=0.9] [--json] [-- options of thinwire train]
 *
 * Linux only: memory is the proportional set size of /proc, in which shared pages are shared out.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const MAIN = join(import.meta.dirname, "../src/cli/main.ts");

const { values, positionals } = parseArgs({
  options: {
    peers: { type: "string", default: "64" },
    until: { type: "string", default: "accuracy=0.9" },
    json: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const peers = Number(values.peers);

/** Small heaps: a peer of a small model needs no more, and many share the memory. */
const LEAN = ["--max-semi-space-size=1", "--max-old-space-size=256"];
const JOB = ["--model", "softmax", "--engine", "jax", "--recipe", "sgd", "--lr", "0.1", "--batch", "16"];
const SAMPLE_MS = 2000;

interface Moment {
  readonly seconds: number;
  /** Of all processes. */
  readonly cpuSeconds: number;
}

/** When rank 0 has said so, since the first process was started. */
const said = new Map<"together" | "trained", Promise<Moment>>();

/** What rank 0 writes. */
const OUT = join(tmpdir(), `thinwire-crowd-${process.pid}`);

// Two processes compile the modules for all: what they compiled is kept.
await Promise.all((await startAll(2, ["--rounds", "1"])).map((child) => ended(child)));

const began = performance.now();
const children = await startAll(peers, ["--rounds", "2000", "--until", values.until, ...positionals]);
process.once("SIGINT", killAll).once("SIGTERM", killAll);
let peakMiB: readonly number[] = [];
const sampler = setInterval(() => void weigh(), SAMPLE_MS);
const results = await Promise.all(children.map((child, rank) => (rank === 0 ? ended(child, hear) : ended(child))));
clearInterval(sampler);
await rm(OUT, { recursive: true, force: true });
const failed = results.flatMap(({ code, stderr }, rank) =>
  code === 0 ? [] : [`rank ${rank}: ${stderr.trim().slice(-300)}`],
);
if (failed.length > 0) {
  for (const line of failed.slice(0, 8)) console.error(line);
  console.error(`${failed.length} of ${peers} processes failed`);
  process.exit(1);
}
await report(results[0]!.stdout);

async function startAll(size: number, options: readonly string[]): Promise<ChildProcess[]> {
  const port = await freePort();
  return Array.from({ length: size }, (_, rank) => start(rank, size, port, options));
}

function start(rank: number, size: number, port: number, options: readonly string[]): ChildProcess {
  const launch = { RANK: `${rank}`, WORLD_SIZE: `${size}`, MASTER_ADDR: "127.0.0.1", MASTER_PORT: `${port}` };
  const quiet = rank === 0 ? ["--log", "json"] : ["--quiet"];
  const out = rank === 0 ? ["--out", join(OUT, `${size}`)] : [];
  return spawn(process.execPath, [...LEAN, MAIN, "train", ...JOB, ...options, "--json", ...quiet, ...out], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...launch },
  });
}

function killAll(): void {
  for (const child of children) child.kill("SIGKILL");
}

function ended(
  child: ChildProcess,
  onSaid: (stderr: string) => void = () => {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      onSaid(stderr);
    });
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

function hear(stderr: string): void {
  if (stderr.includes("in the swarm")) note("together");
  if (/"event":"progress".*"status":"(reached|done)"/.test(stderr)) note("trained");
}

function note(what: "together" | "trained"): void {
  if (!said.has(what)) said.set(what, moment());
}

async function moment(): Promise<Moment> {
  const seconds = (performance.now() - began) / 1000;
  return { seconds, cpuSeconds: sum(await Promise.all(children.map(({ pid }) => cpuSeconds(pid)))) };
}

/** User and system time, which /proc gives in hundredths of a second behind the name in brackets. */
async function cpuSeconds(pid: number | undefined): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")).split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

/** Keeps the sample in which all together weighed most. */
async function weigh(): Promise<void> {
  const sizes = (await Promise.all(children.map(({ pid }) => proportionalMiB(pid)))).filter((mib) => mib > 0);
  if (sum(sizes) > sum(peakMiB)) peakMiB = sizes;
}

async function proportionalMiB(pid: number | undefined): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) / 1024;
}

async function report(line: string): Promise<void> {
  const { outcome, rounds, seconds, accuracy, bytesTotal } = JSON.parse(line.trim().split("\n").at(-1) ?? "{}") as {
    [name: string]: number | string; // the object of `train --json`
  };
  const sorted = peakMiB.toSorted((a, b) => a - b);
  const memory = { medianMiB: sorted[sorted.length >> 1] ?? 0, mostMiB: sorted.at(-1) ?? 0, allMiB: sum(peakMiB) };
  const wallSeconds = (performance.now() - began) / 1000;
  const [together, trained] = [await said.get("together"), await said.get("trained")];
  if (values.json) {
    const all = { peers, outcome, rounds, seconds, wallSeconds, together, trained, accuracy, bytesTotal, memory };
    console.log(JSON.stringify(all));
    return;
  }
  console.log(
    `${peers} peers: ${outcome} after ${rounds} rounds and ${Number(seconds).toFixed(1)} s, accuracy ${accuracy}`,
  );
  const at = (moment?: Moment) => `${moment?.seconds.toFixed(1)} s (${moment?.cpuSeconds.toFixed(0)} s of all cores)`;
  console.log(
    `together after ${at(together)}, trained after ${at(trained)}, all ended after ${wallSeconds.toFixed(1)} s`,
  );
  const { medianMiB, mostMiB, allMiB } = memory;
  console.log(`memory: ${medianMiB.toFixed(0)} MiB a process, at most ${mostMiB.toFixed(0)}, all ${allMiB.toFixed(0)}`);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a + b, 0);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 29_500));
    });
  });
}
