/**
 * The world of a real process: its streams, its signals, its clock, and the library.
 */

import { access, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { milliseconds } from "../base/units.ts";
import { catalogue } from "./catalogue-tables.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { SHOW_CURSOR } from "./screen/live-screen.ts";
import { redrawable } from "./screen/open-screen.ts";
import type { Engines, World } from "./world.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** Whoever asks this often does not want to wait for anything. */
const PATIENCE = 3;

export interface RealWorld {
  readonly world: World;
  /** Ends the process, once all that was printed is out. */
  leave(code: ExitCode): void;
}

export function realWorld(): RealWorld {
  const interrupts = new Set<() => void>();
  let asked = 0;
  const interrupt = () => {
    asked += 1;
    if (asked >= PATIENCE) process.exit(EXIT.interrupted);
    for (const listener of interrupts) listener();
  };
  const world: World = {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    now: () => performance.now(),
    today: () => new Date(),
    schedule(ms, action) {
      const timer = setTimeout(action, ms);
      return () => clearTimeout(timer);
    },
    onInterrupt(listener) {
      if (interrupts.size === 0) for (const signal of SIGNALS) process.on(signal, interrupt);
      interrupts.add(listener);
      return () => {
        interrupts.delete(listener);
        if (interrupts.size === 0) for (const signal of SIGNALS) process.off(signal, interrupt);
      };
    },
    writeFile: async (path, content) => (await import("../runs/files.ts")).writeAtomically(path, content),
    readFile: (path) => readFile(path, "utf8").catch(() => undefined),
    exists: (path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    openMonitor: async (address, pages) => (await import("./monitor-server.ts")).openMonitor(address, pages),
    engines,
  };
  survivePipes(interrupts);
  process.on("exit", () => {
    for (const stream of [world.stdout, world.stderr]) if (redrawable(stream, world.env)) stream.write(SHOW_CURSOR);
  });
  return { world, leave };
}

/**
 * A reader that has gone (`| head`) ends the command quietly: a run stops after its round, with everything saved, and
 * what is printed from then on goes nowhere.
 */
function survivePipes(interrupts: ReadonlySet<() => void>): void {
  let gone = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: Error & { code?: string }) => {
      if (error.code !== "EPIPE") throw error;
      if (!gone) for (const listener of [...interrupts]) listener();
      gone = true;
    });
  }
}

/** Threads of native code may outlive their work; what was written to a pipe must not be cut off. */
function leave(code: ExitCode): void {
  const streams = [process.stdout, process.stderr].filter(({ destroyed, writable }) => !destroyed && writable);
  let open = streams.length;
  const done = () => {
    open -= 1;
    if (open <= 0) process.exit(code);
  };
  if (open === 0) process.exit(code);
  for (const stream of streams) stream.write("", done);
}

const engines: Engines = {
  train: async (job, controls) => (await import("../runs/train.ts")).train(job, controls),
  simulate: async (job, controls) => (await import("../runs/simulate.ts")).simulateJob(job, controls),
  launched: async (job, how, controls) => (await import("../runs/live-launch.ts")).launched(job, how, controls),
  serve: async (job, choice, controls) => (await import("../runs/live-serve.ts")).serve(job, choice, controls),
  join: async (ticket, choice, controls) =>
    (await import("../runs/live-join.ts")).prepareJoin(ticket, choice, controls),
  inspect: async (path) => (await import("../runs/inspect.ts")).inspect(path),
  exportModel: async (from, to, rows) => (await import("../runs/export.ts")).exportRun(from, to, rows),
  jobOf: async (path) => (await (await import("../runs/checkpoint.ts")).readCheckpoint(path)).job,
  holdsRun: async (path) => (await import("../runs/checkpoint.ts")).holdsRun(path),
  plan: async (shared, signal) => (await import("../planning/plan.ts")).plan(shared, signal),
  benchmarks: {
    codecs: async (options) =>
      (await import("../channels/benchmark.ts")).benchCodecs({
        ...options,
        clock: () => milliseconds(performance.now()),
      }),
    models: async (options) =>
      (await import("../models/benchmark.ts")).benchModels({ ...options, cpuMs: () => cpuMs(process.cpuUsage()) }),
    simulation: async (options) => (await import("../simulation/benchmark.ts")).benchSimulation(options),
    wire: async (options) => (await import("./wire/benchmark.ts")).benchWire(options),
    torch: async (python, tasks) => (await import("./torch.ts")).runTorch(python, tasks),
  },
  catalogue,
  reproduction: {
    experiments: async () => (await import("../reproduction/registry.ts")).experiments,
    threads: availableParallelism(),
    run: async ({ name }, folder, signal) =>
      (await import("./reproduction-threads.ts")).reproduceInThread({ name, folder }, signal),
    rasteriser: async () => (await import("./report/png.ts")).openRasteriser(),
  },
  tickets: {
    issue: async (folder, wanted) => (await import("../runs/swarm-folder.ts")).issueFrom(folder, wanted),
    revoke: async (folder, name) => (await import("../runs/swarm-folder.ts")).revokeIn(folder, name),
    list: async (folder) => (await import("../runs/swarm-folder.ts")).ticketsOf(folder),
    read: async (text) => (await import("../transports/libp2p/ticket.ts")).parseTicket(text),
  },
};

const cpuMs = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;
