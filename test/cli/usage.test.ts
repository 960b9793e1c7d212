/**
 * The command's words: help, lists, and what it answers to wrong options.
 */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { temporaryFolder, thinwire } from "./command.ts";

test("help is printed on stdout and lists the exit codes", async (t) => {
  const { code, stdout, stderr } = await thinwire(await temporaryFolder(t), ["--help"]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  assert.match(stdout, /^Usage: thinwire <command>/);
  assert.match(stdout, /130 {2}interrupted/);
});

test("the version is the package's", async (t) => {
  const { stdout } = await thinwire(await temporaryFolder(t), ["--version"]);
  assert.match(stdout, /^\d+\.\d+\.\d+/);
});

test("list --json is an array of what can be named", async (t) => {
  const { code, stdout } = await thinwire(await temporaryFolder(t), ["list", "models", "--json"]);
  assert.equal(code, 0);
  const entries: { name: string }[] = JSON.parse(stdout);
  assert.ok(entries.some(({ name }) => name === "mlp"));
});

test("a list fits 80 columns", async (t) => {
  const { stdout } = await thinwire(await temporaryFolder(t), ["list", "compressors"]);
  for (const line of stdout.split("\n")) assert.ok([...line].length <= 80, line);
});

const WRONG: readonly (readonly [string, RegExp])[] = [
  ["train --compressor top-kk:0.01", /^thinwire: --compressor: .*Did you mean top-k\?\n$/],
  ["train --model mlpp", /^thinwire: .*Did you mean mlp\?\n$/],
  ["train --peers 2000", /^thinwire: --peers: expected .*1437.*got "?2000"?\..*\n$/],
  ["compare --model mlpp", /^thinwire: .*Did you mean mlp\?\n$/],
  ["simulate --sed 3", /^thinwire: unknown option '--sed'\. Did you mean --seed\?\nSee thinwire simulate --help\.\n$/],
];

for (const [args, complaint] of WRONG) {
  test(`thinwire ${args}: exit code 2, one clear line, and nothing is written`, async (t) => {
    const folder = await temporaryFolder(t);
    const { code, stdout, stderr } = await thinwire(folder, args.split(" "));
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, complaint);
    assert.deepEqual(await readdir(folder), []);
  });
}
