/**
 * `thinwire bench wire`: time to accuracy between hosts whose links are shaped, beside PyTorch's DDP.
 */
import { Command } from "commander";
import { Aborted, ConfigError } from "../../base/errors.ts";
import { parseNumber } from "../../base/spec.ts";
import { formatBytes, parseDuration, parseRate } from "../../base/units.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { NONE } from "../format.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { formatTable, type TableColumn } from "../table.ts";
import type { WireBenchmarkOptions, WireRow } from "../wire/benchmark.ts";
import type { World } from "../world.ts";

interface WireOptions {
  readonly data?: string;
  readonly model: string;
  readonly hosts: string;
  readonly links: readonly string[];
  readonly recipes: readonly string[];
  readonly batch: string;
  readonly lr: string;
  readonly momentum: string;
  readonly target: string;
  readonly atMost: string;
  readonly seed: string;
  readonly python?: string;
  readonly json?: boolean;
}

export function benchWireCommand(world: World, end: (code: ExitCode) => void): Command {
  return new Command("wire")
    .summary("recipes on shaped links, beside PyTorch DDP: needs root")
    .description(
      "Makes hosts of network namespaces on this machine, shapes their links with tc, and trains on them until a test accuracy is reached: recipes of Thinwire, and PyTorch DDP over Gloo if a Python with torch is named. All is taken down at the end, and on Ctrl-C.",
    )
    .requiredOption("--data <spec>", "data: idx:DIR and the like, see thinwire list data")
    .option("--model <spec>", "model, an mlp beside PyTorch", "mlp:512,128")
    .option("--hosts <n>", "hosts, a process on each", "4")
    .option("--links <rates...>", "bandwidth of each link, or none", ["none", "100mbit", "20mbit", "5mbit"])
    .option("--recipes <names...>", "each with its compressor, 'double-squeeze top-k:0.01', or advised", ["advised"])
    .option("--batch <rows>", "rows of each host's mini-batch", "64")
    .option("--lr <rate>", "learning rate", "0.1")
    .option("--momentum <factor>", "momentum of all", "0.9")
    .option("--target <accuracy>", "test accuracy to reach", "0.93")
    .option("--at-most <time>", "training time of each run; what is slower is extrapolated", "60s")
    .option("--seed <n>", "root of all randomness", "1")
    .option("--python <path>", "a Python that has torch (default: none, without PyTorch)")
    .option("--json", "print one JSON object instead (default: off)")
    .addHelpText("after", "\nExample:\n  sudo thinwire bench wire --data idx:mnist --python python3 --links 20mbit")
    .action(async (options: WireOptions) => end(await benchWire(world, options)));
}

async function benchWire(world: World, options: WireOptions): Promise<ExitCode> {
  const say = (line: string) => void world.stderr.write(`${line}\n`);
  const interrupt = listenForInterrupt(world, () => say("stopping: taking the hosts down"));
  try {
    const { rows } = await world.engines.benchmarks.wire({ ...settings(options), signal: interrupt.stop, say });
    const width = Math.max(20, world.stdout.columns ?? 80);
    world.stdout.write(options.json === true ? `${JSON.stringify({ rows })}\n` : `${table(rows, width).join("\n")}\n`);
    return EXIT.done;
  } catch (error) {
    if (error instanceof Aborted) return EXIT.interrupted;
    throw error;
  } finally {
    interrupt.close();
  }
}

/** @throws {ConfigError} */
function settings(options: WireOptions): Omit<WireBenchmarkOptions, "signal" | "say"> {
  const { data, model, recipes, python } = options;
  if (data === undefined) throw new ConfigError("--data", { expected: "data to train on", got: "none" });
  const whole = (text: string, where: string, min: number, max: number) =>
    parseNumber(text, where, { integer: true, min, max });
  return {
    data,
    model,
    hosts: whole(options.hosts, "--hosts", 2, 64),
    links: options.links.map((name) => ({ name, rate: name === "none" ? undefined : parseRate(name, "--links") })),
    recipes,
    batch: whole(options.batch, "--batch", 1, 65_536),
    learningRate: parseNumber(options.lr, "--lr", { min: 1e-9, max: 1e3 }),
    momentum: parseNumber(options.momentum, "--momentum", { min: 0, max: 0.999 }),
    target: parseNumber(options.target, "--target", { min: 0, max: 1 }),
    secondsMax: parseDuration(options.atMost, "--at-most"),
    seed: whole(options.seed, "--seed", 0, Number.MAX_SAFE_INTEGER),
    python,
  };
}

function table(rows: readonly WireRow[], width: number): string[] {
  const right = (header: string): TableColumn => ({ header, align: "right" });
  const left = (header: string): TableColumn => ({ header, align: "left" });
  const columns = [left("link"), left("system"), left("recipe"), right("ms/step"), right("seconds"), right("bytes")];
  const cells = rows.map(({ link, system, recipe, msPerStep, reachedTargetAtSeconds, extrapolated, bytes }) => [
    ...[link, system, recipe, msPerStep.toFixed(1)],
    reachedTargetAtSeconds === null ? NONE : `${extrapolated ? "~" : ""}${reachedTargetAtSeconds.toFixed(1)}`,
    formatBytes(bytes),
  ]);
  return [
    ...formatTable(columns, cells, width),
    "",
    "~: the time was up first; by the rounds that a faster link took.",
  ];
}
