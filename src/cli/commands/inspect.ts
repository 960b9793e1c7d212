/**
 * `thinwire inspect`: what is in a checkpoint or in a run folder.
 */
import { Command } from "commander";
import type { Inspection } from "../../runs/inspect.ts";
import { type JobOptions, optionsOf } from "../../runs/job.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { formatCount, formatLoss, wrap } from "../format.ts";
import { readFolder } from "../options/run-options.ts";
import { account } from "../outcomes.ts";
import { formatTable, type TableColumn } from "../table.ts";
import type { World } from "../world.ts";

export function inspectCommand(world: World, end: (code: ExitCode) => void): Command {
  return new Command("inspect")
    .summary("what is in a checkpoint or a run folder")
    .description("Reads a checkpoint, or the newest one of a run folder, checks its hashes and tells what is in it.")
    .argument("<path>", "a run folder, or a checkpoint in it")
    .option("--json", "print one JSON object instead (default: off)")
    .addHelpText("after", "\nExample:\n  thinwire inspect runs/train-2026-03-09T14-05-33")
    .action(async (path: string, options: { json?: boolean }) => {
      const inspection = await world.engines.inspect(readFolder(path, "inspect") ?? path);
      const width = Math.max(20, world.stdout.columns ?? 80);
      world.stdout.write(
        options.json === true
          ? `${JSON.stringify(inspection)}\n`
          : `${inspectionLines(inspection, width).join("\n")}\n`,
      );
      end(EXIT.done);
    });
}

export function inspectionLines(inspection: Inspection, width: number): string[] {
  const { path, round, paramsHash, parameters, tensors, peers, job, result } = inspection;
  const column = (header: string, align: TableColumn["align"]): TableColumn => ({ header, align });
  const state = peers.flatMap((vectors, rank) =>
    vectors.map(({ name, length, norm }) => [`peer ${rank}: ${name}`, formatCount(length), formatLoss(norm)]),
  );
  return [
    `checkpoint ${path}`,
    `after round ${formatCount(round)} of ${formatCount(job.rounds)}`,
    `parameters ${paramsHash}`,
    ...(result === null ? [] : ["", ...account(result)]),
    "",
    ...wrap(`options: ${commandLineOf(optionsOf(job))}`, width),
    "",
    ...formatTable(
      [column("tensor", "left"), column("shape", "left"), column("entries", "right")],
      [
        ...tensors.map(({ name, shape }) => [name, shape.join(" x "), formatCount(shape.reduce((a, b) => a * b, 1))]),
        ["all", "", formatCount(parameters)],
      ],
      width,
    ),
    "",
    ...formatTable([column("state", "left"), column("entries", "right"), column("norm", "right")], state, width),
  ];
}

/** The options as they would be typed. */
const commandLineOf = (options: JobOptions): string =>
  Object.entries(options)
    .map(([key, value]) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${value}`)
    .join(" ");
