/**
 * The `thinwire` command: its commands, and how it ends.
 */
import { Command, CommanderError } from "commander";
import { benchCommand } from "./commands/bench.ts";
import { compareCommand } from "./commands/compare.ts";
import { configCommand } from "./commands/config.ts";
import { exportCommand } from "./commands/export.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { joinCommand } from "./commands/join.ts";
import { listCommand } from "./commands/list.ts";
import { planCommand } from "./commands/plan.ts";
import { reproduceCommand } from "./commands/reproduce.ts";
import { serveCommand } from "./commands/serve.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { ticketCommand } from "./commands/ticket.ts";
import { trainCommand } from "./commands/train.ts";
import { complaintOf } from "./complaints.ts";
import { EXIT, EXIT_CODES_HELP, type ExitCode } from "./exit-codes.ts";
import type { World } from "./world.ts";

const COMMANDS = [
  trainCommand,
  simulateCommand,
  compareCommand,
  serveCommand,
  joinCommand,
  planCommand,
  configCommand,
  reproduceCommand,
  benchCommand,
  listCommand,
  inspectCommand,
  exportCommand,
  ticketCommand,
];

/**
 * Runs one command line to its end; it never throws.
 * @param args without the names of node and of the script
 */
export async function runCommandLine(args: readonly string[], world: World, version: string): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.done;
  const program = commandLine(world, version, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    const complaint = complaintOf(error, args.includes("--debug"));
    const help = error instanceof CommanderError && complaint.text !== "" ? seeHelp(program, args) : "";
    world.stderr.write(complaint.text + help);
    return complaint.exitCode;
  }
}

function commandLine(world: World, version: string, end: (code: ExitCode) => void): Command {
  const program = new Command("thinwire")
    .description("Train one model together over thin wires: every message 10 to 1000 times smaller.")
    .version(version, "--version", "print the version")
    .usage("<command> [options]")
    .helpCommand("help [command]", "explain a command")
    .addHelpText("after", `\n${EXIT_CODES_HELP}\n\nEvery command explains its options: thinwire train --help`);
  for (const make of COMMANDS) program.addCommand(make(world, end));
  settle(program, world);
  return program;
}

/** For a command and those below it: errors are thrown, not printed; help goes where everything else goes. */
function settle(command: Command, world: World): void {
  command
    .exitOverride()
    .configureHelp({ subcommandTerm: (below) => below.name() })
    .helpOption("-h, --help", "print this help")
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
      outputError: () => {},
      getOutHelpWidth: () => Math.min(100, world.stdout.columns ?? 80),
      getErrHelpWidth: () => Math.min(100, world.stderr.columns ?? 80),
    });
  if (command.commands.length === 0) {
    command.option("--debug", "show the stack of errors (default: off)").usage(usageOf(command));
  }
  for (const below of command.commands) settle(below, world);
}

const usageOf = ({ registeredArguments }: Command): string => {
  const named = registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}...]`,
  );
  return [...named, "[options]"].join(" ");
};

function seeHelp(program: Command, args: readonly string[]): string {
  const path: string[] = [];
  let command: Command | undefined = program;
  for (const arg of args) {
    command = command.commands.find((below) => below.name() === arg);
    if (command === undefined) break;
    path.push(arg);
  }
  return `See ${["thinwire", ...path].join(" ")} --help.\n`;
}
