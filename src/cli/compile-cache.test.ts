import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, "main.ts");

async function version(env: Record<string, string>): Promise<string> {
  const { NODE_COMPILE_CACHE: _, ...others } = process.env;
  const { stdout } = await run(process.execPath, [MAIN, "--version"], { env: { ...others, ...env } });
  return stdout.trim();
}

test("compiled code is kept where only this user can write, unless that is turned off", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "thinwire-"));
  t.after(() => rm(home, { recursive: true }));
  assert.match(await version({ XDG_CACHE_HOME: home, NODE_DISABLE_COMPILE_CACHE: "1" }), /^\d/);
  assert.deepEqual(await readdir(home), []);
  assert.match(await version({ XDG_CACHE_HOME: home }), /^\d/);
  const folder = join(home, "thinwire", "compiled");
  assert.equal((await readdir(folder)).length, 1);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
});

test("without a folder to keep it in a command runs as well", async () => {
  for (const folder of ["/nonexistent", "/dev/null", "/proc"]) {
    assert.match(await version({ XDG_CACHE_HOME: folder }), /^\d/, folder);
  }
});
