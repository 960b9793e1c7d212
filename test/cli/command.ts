/**
 * The real `thinwire` command as a child process, in a folder of its own.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

export interface Ended {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Sends SIGINT once this has been printed. */
  readonly interruptAfter?: RegExp;
  /** Closes the reading end of stdout once this has been printed, as `head` does. */
  readonly closeAfter?: RegExp;
}

/** Empty, and gone after the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "thinwire-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function thinwire(cwd: string, args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const { interruptAfter, closeAfter } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    let interrupted = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (closeAfter?.test(stdout)) child.stdout.destroy();
      if (!interrupted && interruptAfter?.test(stdout)) {
        interrupted = true;
        child.kill("SIGINT");
      }
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** The object on the last line. */
export const lastObject = ({ stdout }: Ended): Record<string, unknown> =>
  JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
