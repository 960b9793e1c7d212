import assert from "node:assert/strict";
import { test } from "node:test";
import { DataError } from "../base/errors.ts";
import { runCommandLine } from "./command-line.ts";
import { EXIT } from "./exit-codes.ts";
import { FakeWorld } from "./testing/fake-world.ts";

const COMMANDS = [
  "train",
  "simulate",
  "compare",
  "serve",
  "join",
  "reproduce",
  "bench codecs",
  "bench models",
  "bench simulation",
  "list",
  "inspect",
  "export",
  "ticket issue",
  "ticket list",
  "ticket revoke",
];

async function told(...args: string[]) {
  const world = new FakeWorld();
  const code = await runCommandLine(args, world, "1.2.3");
  return { code, out: world.out.text, err: world.stderr.text, runs: world.runs.length };
}

test("help names every command and every exit code, in 80 columns", async () => {
  const { code, out, err } = await told("--help");
  assert.equal(code, EXIT.done);
  assert.equal(err, "");
  for (const command of COMMANDS) assert.match(out, new RegExp(`^ +${command.split(" ")[0]} `, "m"));
  for (const exitCode of Object.values(EXIT)) assert.match(out, new RegExp(`^ +${exitCode} `, "m"));
});

for (const command of COMMANDS) {
  test(`${command} --help gives every option's default and an example, in 80 columns`, async () => {
    const { code, out } = await told(...command.split(" "), "--help");
    assert.equal(code, EXIT.done);
    for (const line of out.split("\n")) assert.ok(line.length <= 80, line);
    const options = out
      .split(/\n(?= {2}-)/)
      .slice(1)
      .filter((option) => !option.includes("--help"));
    for (const option of options) assert.match(option.replace(/\s+/g, " "), /default:/);
    assert.match(out, new RegExp(`Examples?:\n +thinwire ${command}`));
  });
}

test("help and a command's name say what --help says", async () => {
  assert.equal((await told("help", "train")).out, (await told("train", "--help")).out);
  assert.equal((await told("help")).code, EXIT.done);
});

test("no command at all is answered by the help, and is wrong", async () => {
  const { code, err } = await told();
  assert.equal(code, EXIT.usage);
  assert.match(err, /^Usage: thinwire/);
});

test("the version is printed", async () => {
  assert.deepEqual(await told("--version"), { code: EXIT.done, out: "1.2.3\n", err: "", runs: 0 });
});

const WRONG: readonly (readonly [args: string, complaint: string])[] = [
  ["trian", "thinwire: unknown command 'trian'. Did you mean train?"],
  ["train --pers 3", "thinwire: unknown option '--pers'. Did you mean --peers?"],
  [
    "train --peers 0",
    'thinwire: --peers: expected a whole number at least 1 and at most 65535, got "0". The nearest valid value is 1.',
  ],
  ["train --until acc=1", 'thinwire: --until: expected one of: accuracy, loss, got "acc". Did you mean accuracy?'],
  ["simulate --lr", "thinwire: option '--lr <rate>' argument missing"],
  ["simulate --lr -1", 'thinwire: --lr: expected a number above 0 and at most 1000000, got "-1".'],
  ["train now", "thinwire: too many arguments for 'train'. Expected 0 arguments but got 1."],
  ["list", "thinwire: missing required argument 'kind'"],
  ["train --checkpoint-every x", "thinwire: --checkpoint-every: expected a whole number at least 0"],
  ["bench codecs --against jax", 'thinwire: --against: expected torch, got "jax".'],
  ["bench codecs --python p", 'thinwire: --python: expected --against torch beside it, got "p".'],
  ["bench wires", "thinwire: unknown command 'wires'."],
];

for (const [args, complaint] of WRONG) {
  test(`thinwire ${args}: one clear line and exit code 2`, async () => {
    const { code, out, err, runs } = await told(...args.split(" "));
    assert.equal(code, EXIT.usage);
    assert.equal(out, "");
    assert.equal(runs, 0);
    assert.ok(err.startsWith(complaint.replace(/\.$/, "")), err);
    assert.ok(!err.includes("    at "), "no stack");
  });
}

test("a misspelt compressor is met with the nearest one", async () => {
  const { code, err } = await told("train", "--compressor", "top-kk:0.01");
  assert.equal(code, EXIT.usage);
  assert.match(err, /^thinwire: --compressor: .*got "top-kk"\. Did you mean top-k\?\n$/);
});

test("a foreseen failure is one line, with its stack only under --debug", async () => {
  const failing = () =>
    new FakeWorld(() => Promise.reject(new DataError("digits", { expected: "a file", got: "a\nb" })));
  const world = failing();
  assert.equal(await runCommandLine(["train"], world, "1.2.3"), EXIT.failed);
  assert.equal(world.stderr.text, 'thinwire: digits: expected a file, got "a\\nb".\n');
  const debugged = failing();
  await runCommandLine(["train", "--debug"], debugged, "1.2.3");
  assert.match(debugged.stderr.text, /\n +at /);
});

test("an unforeseen failure says that it is a bug, with its stack", async () => {
  const world = new FakeWorld(() => Promise.reject(new TypeError("x is undefined")));
  assert.equal(await runCommandLine(["train"], world, "1.2.3"), EXIT.failed);
  assert.match(world.stderr.text, /^thinwire: this is a bug.*\nTypeError: x is undefined\n +at /);
});
