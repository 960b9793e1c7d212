/**
 * `thinwire config`: the options that a run would have, as a job file; or the schema of such files.
 */
import { Command } from "commander";
import { formatConfig } from "../../runs/config.ts";
import { optionsOf } from "../../runs/job.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { configSchema } from "../options/config-schema.ts";
import { addFaultOptions } from "../options/fault-options.ts";
import { addJobOptions } from "../options/job-options.ts";
import { addMonitorOptions, STALL_AFTER } from "../options/monitor-options.ts";
import { addRunOptions } from "../options/run-options.ts";
import { readRequest, type TypedOptions } from "../options/run-request.ts";
import type { World } from "../world.ts";

export function configCommand(world: World, end: (code: ExitCode) => void): Command {
  const command = new Command("config")
    .summary("the options of a run as a job file, or the schema of such files")
    .description(
      "Prints the options that thinwire train would have with this command line, as JSON that --config reads: each value checked, and every default spelt out.",
    )
    .option("--schema", "print the JSON schema of job files instead (default: off)");
  addJobOptions(command);
  addFaultOptions(command);
  addRunOptions(command, "none", true);
  addMonitorOptions(command);
  command.addHelpText(
    "after",
    `
Examples:
  thinwire config --recipe ef21 --peers 8 > job.json
  thinwire train --config job.json --rounds 500
  thinwire config --config runs/train-2026-03-09T14-05-33/job.json
  thinwire config --schema > thinwire.schema.json`,
  );
  return command.action(async (options: TypedOptions & { schema?: boolean }) => {
    const object = options.schema === true ? configSchema() : await effective(world, options);
    world.stdout.write(`${JSON.stringify(object, null, options.json === true ? 0 : 2)}\n`);
    end(EXIT.done);
  });
}

/** A job file that runs the same. @throws {ConfigError} */
async function effective(world: World, typed: TypedOptions): Promise<object> {
  const { job, checkpoints, log, options } = await readRequest(world, typed, undefined);
  const { out, metrics, stallAfter = STALL_AFTER } = options;
  return formatConfig({
    ...optionsOf(job),
    ...(out !== undefined && { out }),
    checkpointEvery: String(checkpoints.checkpointEvery),
    keepCheckpoints: String(checkpoints.keepCheckpoints),
    ...(metrics !== undefined && { metrics, stallAfter }),
    log,
  });
}
