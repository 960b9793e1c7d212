/**
 * What the user is told when a command fails: one clear line for what was foreseen, everything for what was not.
 */
import { CommanderError } from "commander";
import { Aborted, ConfigError, ThinwireError } from "../base/errors.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";

export interface Complaint {
  readonly exitCode: ExitCode;
  /** Empty where nothing is left to say. */
  readonly text: string;
}

/** @param debug show the stack of foreseen errors too */
export function complaintOf(error: unknown, debug: boolean): Complaint {
  if (error instanceof CommanderError) return usageComplaint(error);
  if (error instanceof Aborted) return { exitCode: EXIT.interrupted, text: "thinwire: stopped at once\n" };
  if (error instanceof ThinwireError) {
    const exitCode = error instanceof ConfigError ? EXIT.usage : EXIT.failed;
    return { exitCode, text: `thinwire: ${oneLine(error.message)}\n${debug ? `${stackOf(error)}\n` : ""}` };
  }
  return { exitCode: EXIT.failed, text: `thinwire: this is a bug, please report it.\n${stackOf(error)}\n` };
}

/** Commander ends `--help` and `--version` by an error of exit code 0 as well. */
function usageComplaint(error: CommanderError): Complaint {
  if (error.exitCode === 0) return { exitCode: EXIT.done, text: "" };
  if (error.code === "commander.help") return { exitCode: EXIT.usage, text: "" };
  const text = error.message.replace(/^error: /, "").replace(/\s*\(Did you mean (.+?)\?\)$/s, ". Did you mean $1?");
  return { exitCode: EXIT.usage, text: `thinwire: ${oneLine(text)}\n` };
}

/** The text of any error on one line, without control characters. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\s]+/gu, " ").trim();

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
