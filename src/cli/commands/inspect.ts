/**
 * `thinwire inspect`: what is in a checkpoint, in a run folder or in a join ticket.
 */
import { Command } from "commander";
import { seconds } from "../../base/units.ts";
import type { Inspection } from "../../runs/inspect.ts";
import { type JobOptions, optionsOf } from "../../runs/job.ts";
import { looksLikeTicket } from "../../transports/libp2p/ticket-prefix.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { formatCount, formatLoss, wrap } from "../format.ts";
import { ticketFacts, ticketLines } from "../format-ticket.ts";
import { readFolder } from "../options/run-options.ts";
import { account } from "../outcomes.ts";
import { formatTable, type TableColumn } from "../table.ts";
import type { World } from "../world.ts";

export function inspectCommand(world: World, end: (code: ExitCode) => void): Command {
  return new Command("inspect")
    .summary("what is in a checkpoint, a run folder or a join ticket")
    .description(
      "Reads a checkpoint, or the newest one of a run folder, checks its hashes and tells what is in it. " +
        "Or reads a join ticket and checks its signature; whether it was revoked, thinwire ticket list tells.",
    )
    .argument("<path>", "a run folder, a checkpoint in it, or a ticket: thinwire1...")
    .option("--json", "print one JSON object instead (default: off)")
    .addHelpText("after", "\nExample:\n  thinwire inspect runs/train-2026-03-09T14-05-33")
    .action(async (path: string, options: { json?: boolean }) => {
      const { json, lines } = await (looksLikeTicket(path) ? ticketTold(world, path) : runTold(world, path));
      const width = Math.max(20, world.stdout.columns ?? 80);
      world.stdout.write(options.json === true ? `${JSON.stringify(json)}\n` : `${lines(width).join("\n")}\n`);
      end(EXIT.done);
    });
}

interface Told {
  readonly json: unknown;
  lines(width: number): readonly string[];
}

async function runTold(world: World, path: string): Promise<Told> {
  const inspection = await world.engines.inspect(readFolder(path, "inspect") ?? path);
  return { json: inspection, lines: (width) => inspectionLines(inspection, width) };
}

async function ticketTold(world: World, text: string): Promise<Told> {
  const ticket = await world.engines.tickets.read(text);
  const now = seconds(world.today().getTime() / 1000);
  return {
    json: { ...ticketFacts(ticket), expired: now >= ticket.expires },
    lines: () => ticketLines(ticket, now),
  };
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
