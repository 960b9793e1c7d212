/**
 * `thinwire bench`: how fast this machine runs the codecs, the models and the simulator, and trains over shaped links, beside PyTorch if asked.
 */
import { Command } from "commander";
import { ConfigError } from "../../base/errors.ts";
import { parseNumber } from "../../base/spec.ts";
import { formatBytes, formatSeconds } from "../../base/units.ts";
import type { CodecRow } from "../../channels/benchmark.ts";
import type { BenchmarkOptions, BenchmarkRow } from "../../models/benchmark.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { formatCount, NONE } from "../format.ts";
import { formatTable, type TableColumn } from "../table.ts";
import { torchModelTask } from "../torch-models.ts";
import { torchRates } from "../torch-tasks.ts";
import type { World } from "../world.ts";
import { benchWireCommand } from "./bench-wire.ts";

interface BenchOptions {
  readonly entries?: string;
  readonly repeats?: string;
  readonly batch?: string;
  readonly peers?: string;
  readonly rounds?: string;
  readonly pattern?: string;
  readonly against?: string;
  readonly python?: string;
  readonly json?: boolean;
}

type End = (code: ExitCode) => void;

export function benchCommand(world: World, end: End): Command {
  return new Command("bench")
    .summary("how fast codecs, models and the simulator run here")
    .description("Measures one thread of this machine. Rates are medians; leave the machine alone meanwhile.")
    .usage("<codecs|models|simulation|wire> [options]")
    .helpCommand(false)
    .addCommand(codecsCommand(world, end))
    .addCommand(modelsCommand(world, end))
    .addCommand(simulationCommand(world, end))
    .addCommand(benchWireCommand(world, end));
}

function codecsCommand(world: World, end: End): Command {
  const command = new Command("codecs")
    .summary("compressors: GB/s of f32 input")
    .description("Times encoding and decoding of each compressor, in GB/s of f32 input, beside a plain copy.")
    .argument("[compressors...]", "specs such as sign or top-k:0.01 (default: a fixed choice)")
    .option("--entries <n>", "entries of the vector (default: 4194304)")
    .option("--repeats <n>", "measurements of which the median is taken (default: 9)");
  return shared(command, "thinwire bench codecs sign top-k:0.001 --entries 1000000").action(
    async (compressors: string[], options: BenchOptions) => {
      const python = pythonOf(options);
      const entries = whole(options.entries, "--entries") ?? 2 ** 22;
      const rounds = whole(options.repeats, "--repeats") ?? 9;
      const { benchmarks } = world.engines;
      const measured = await benchmarks.codecs({
        entries,
        rounds,
        ...(compressors.length === 0 ? {} : { compressors }),
      });
      const torch =
        python === undefined ? [] : await torchRates(benchmarks.torch, python, measured.rows, entries, rounds);
      const rows = measured.rows.map((row, i) => againstTorch(row, torch[i]));
      show(world, options, { ...measured, rows }, (width) => [
        ...codecTable(rows, python !== undefined, width),
        "",
        "GB/s of f32 input encoded; encode, feedback and add as a part of a copy's rate;",
        "add/enc: time to decode and add over that to encode.",
        `A copy runs at ${measured.memcpyGBs.toFixed(2)}. ${formatCount(entries)} entries, checksum ${measured.checksum}.`,
      ]);
      end(EXIT.done);
    },
  );
}

function modelsCommand(world: World, end: End): Command {
  const command = new Command("models")
    .summary("models: milliseconds of a training step")
    .description(
      "Times forward and backward pass of each model on the kind of data it is usual for: CPU milliseconds a step.",
    )
    .argument("[models...]", "specs such as mlp:512,128 (default: mlp:512,128 cnn gpt)")
    .option("--batch <rows>", "rows of the mini-batch (default: 64, and 16 of symbols)")
    .option("--repeats <n>", "steps of which the median is taken (default: 100)");
  return shared(command, "thinwire bench models mlp:128,64 softmax --batch 32").action(
    async (specs: string[], options: BenchOptions) => {
      const python = pythonOf(options);
      const { benchmarks } = world.engines;
      const batch = whole(options.batch, "--batch");
      const measured = await benchmarks.models({
        ...(batch === undefined ? {} : { batch }),
        steps: whole(options.repeats, "--repeats") ?? 100,
        ...(specs.length === 0 ? {} : { specs }),
        ...(python === undefined ? {} : { torchMs: torchStep(benchmarks, python) }),
      });
      show(world, options, measured, (width) => modelTable(measured.rows, python !== undefined, width));
      end(EXIT.done);
    },
  );
}

function simulationCommand(world: World, end: End): Command {
  const command = new Command("simulation")
    .summary("the simulator: messages a second")
    .description("Times peers that exchange messages in virtual time.")
    .option("--pattern <name>", "star, of small messages, or gossip, of f32 vectors (default: star)")
    .option("--peers <n>", "peers, the server of a star included (default: 1000)")
    .option("--rounds <n>", "rounds, of two messages a peer in a star and one in gossip (default: 500, gossip 50)")
    .option("--entries <n>", "entries of a vector of gossip (default: 1000)")
    .option("--json", "print one JSON object instead (default: off)")
    .addHelpText("after", "\nExample:\n  thinwire bench simulation --peers 5000 --rounds 20");
  return command.action(async (options: BenchOptions) => {
    const pattern = simulatedPattern(options);
    const peers = whole(options.peers, "--peers", 2) ?? 1000;
    const rounds = whole(options.rounds, "--rounds") ?? (pattern === "star" ? 500 : 50);
    const entries = whole(options.entries, "--entries");
    const measured = await world.engines.benchmarks.simulation({ pattern, peers, rounds, ...(entries && { entries }) });
    const { messagesPerSecond, seconds, peakBytes } = measured;
    show(world, options, measured, () => [
      `${formatCount(messagesPerSecond)} messages a second between ${formatCount(peers)} peers`,
      `${formatSeconds(seconds)} in all, at most ${formatBytes(peakBytes)} of memory`,
    ]);
    end(EXIT.done);
  });
}

const shared = (command: Command, example: string): Command =>
  command
    .option("--against <what>", "also time the same work in: torch (default: none)")
    .option("--python <path>", "the Python that has torch (default: python3)")
    .option("--json", "print one JSON object instead (default: off)")
    .addHelpText("after", `\nExample:\n  ${example}`);

/** The Python to time PyTorch in; undefined where that was not asked for. */
function pythonOf({ against, python }: BenchOptions): string | undefined {
  if (against !== undefined && against !== "torch") {
    throw new ConfigError("--against", { expected: "torch", got: against });
  }
  if (against === undefined && python !== undefined) {
    throw new ConfigError("--python", { expected: "--against torch beside it", got: python });
  }
  return against === undefined ? undefined : (python ?? "python3");
}

function simulatedPattern({ pattern = "star", entries }: BenchOptions): "star" | "gossip" {
  if (pattern !== "star" && pattern !== "gossip") {
    throw new ConfigError("--pattern", { expected: "star or gossip", got: pattern });
  }
  if (pattern === "star" && entries !== undefined) {
    throw new ConfigError("--entries", { expected: "--pattern gossip beside it", got: entries });
  }
  return pattern;
}

const whole = (text: string | undefined, where: string, min = 1): number | undefined =>
  text === undefined ? undefined : parseNumber(text, where, { integer: true, min, max: 2 ** 28 });

function show(world: World, { json }: BenchOptions, measured: object, lines: (width: number) => string[]): void {
  const width = Math.max(20, world.stdout.columns ?? 80);
  world.stdout.write(json === true ? `${JSON.stringify(measured)}\n` : `${lines(width).join("\n")}\n`);
}

const torchStep =
  ({ torch }: World["engines"]["benchmarks"], python: string): NonNullable<BenchmarkOptions["torchMs"]> =>
  async (spec, batch, repeats, data) => {
    const task = torchModelTask(spec, data, batch, repeats);
    const [time] = task === undefined ? [] : await torch(python, [task]);
    return time === undefined ? undefined : 1000 * time;
  };

const right = (header: string): TableColumn => ({ header, align: "right" });
const left = (header: string): TableColumn => ({ header, align: "left" });

interface CodecRowBesideTorch extends CodecRow {
  readonly torchEncodeGBs?: number;
  /** How many times faster encoding is than in PyTorch. */
  readonly timesTorch?: number;
}

const againstTorch = (row: CodecRow, torchEncodeGBs: number | undefined): CodecRowBesideTorch =>
  torchEncodeGBs === undefined ? row : { ...row, torchEncodeGBs, timesTorch: row.encodeGBs / torchEncodeGBs };

function codecTable(rows: readonly CodecRowBesideTorch[], withTorch: boolean, width: number): string[] {
  const headers = ["GB/s", "encode", "feedback", "add", "add/enc", "bits", ...(withTorch ? ["torch", "faster"] : [])];
  const cells = rows.map(({ compressor, encodeGBs, ofMemcpy, decodeOverEncode, bitsPerEntry, ...row }) => [
    compressor,
    ...[encodeGBs, ofMemcpy.encode, ofMemcpy.encodeWithFeedback, ofMemcpy.decodeAdd, decodeOverEncode].map(rate),
    bitsPerEntry.toFixed(2),
    ...(withTorch ? [rate(row.torchEncodeGBs), row.timesTorch === undefined ? NONE : `${rate(row.timesTorch)}x`] : []),
  ]);
  return formatTable([left("compressor"), ...headers.map(right)], cells, width);
}

function modelTable(rows: readonly BenchmarkRow[], withTorch: boolean, width: number): string[] {
  const cells = rows.map(({ model, engine, ms, msMin, torchMs }) => [
    model,
    engine,
    ms.toFixed(2),
    msMin.toFixed(2),
    ...(withTorch ? [torchMs?.toFixed(2) ?? NONE, torchMs === undefined ? NONE : `${rate(ms / torchMs)}x`] : []),
  ]);
  const numbers = [right("ms"), right("fastest"), ...(withTorch ? [right("torch ms"), right("ratio")] : [])];
  return formatTable([left("model"), left("engine"), ...numbers], cells, width);
}

const rate = (gbs: number | undefined): string => (gbs === undefined ? NONE : gbs.toFixed(2));
