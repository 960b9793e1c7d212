import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { ConfigError, DataError } from "../../base/errors.ts";
import { checkJob } from "../../runs/job.ts";
import { runCommandLine } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { FakeWorld, pretend } from "../testing/fake-world.ts";
import { readFaults } from "./fault-options.ts";
import { addJobOptions, COMMAND_DEFAULTS, readJob, simulateCommandLine } from "./job-options.ts";

const run = (world: FakeWorld, ...args: string[]) => runCommandLine(args, world, "1.2.3");

test("options and a file make one set of faults, in which options win, and the job carries it", async () => {
  const world = new FakeWorld();
  world.files.set("storm.json", '{ "loss": 0.5, "duplicate": 0.1, "stragglers": "0.5:2x" }');
  const options = ["--faults", "storm.json", "--loss", "0.01", "--jitter", "lognormal:0.3", "--churn", "1h/5min"];
  assert.equal(await run(world, "simulate", ...options, "--compute-spread", "exponential"), EXIT.done);
  assert.deepEqual(world.runs[0]?.job.faults, {
    loss: 0.01,
    duplicate: 0.1,
    stragglers: "0.5:2x",
    jitter: "lognormal:0.3",
    churn: { online: "1h", offline: "5min" },
    compute: "exponential",
  });
});

test("without faults the world is ideal, and a run that is continued keeps those it had", async () => {
  const world = new FakeWorld();
  assert.equal(await readFaults(world, {}, undefined), undefined);
  const resumed = checkJob({ faults: '{"loss":0.5,"jitter":"exponential"}' });
  assert.equal(await readFaults(world, {}, resumed), undefined);
  assert.deepEqual(readJob({}, resumed).faults, resumed.faults);
  assert.deepEqual(JSON.parse((await readFaults(world, { loss: "0.1" }, resumed))!), {
    loss: 0.1,
    jitter: "exponential",
  });
});

test("an error names the option", async () => {
  const world = new FakeWorld();
  world.files.set("bad.json", '{ "los": 0.5 }');
  for (const [said, where] of [
    [{ loss: "1" }, /^--loss$/],
    [{ jitter: "gauss" }, /^--jitter\.jitter$/],
    [{ stragglers: "5x" }, /^--stragglers\.stragglers$/],
    [{ churn: "1h" }, /^--churn$/],
    [{ churn: "1h/soon" }, /^--churn\.churn\.offline$/],
    [{ faults: "bad.json" }, /^--faults$/],
    [{ faults: "none.json" }, /^--faults$/],
  ] as const) {
    await assert.rejects(readFaults(world, said, undefined), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.where, where);
      return true;
    });
  }
});

test("the command line of a job gives the job again", () => {
  for (const options of [
    {},
    { recipe: "sgd", peers: "9", link: "none", seed: "7" },
    { faults: `{"groups":{"it's":{"peers":"1"}},"loss":0.1}`, data: "csv:my file.csv" },
  ]) {
    const job = checkJob({ ...COMMAND_DEFAULTS, ...options });
    const words = simulateCommandLine(job).match(/(?:'(?:[^']|'\\'')*'|[^\s'])+/g) ?? [];
    const plain = words.map((word) => word.replace(/^'(.*)'$/, "$1").replaceAll("'\\''", "'"));
    const command = addFaultsOption(new Command());
    command.parse(plain.slice(2), { from: "user" });
    assert.deepEqual(readJob(command.opts(), undefined), job);
  }
});

function addFaultsOption(command: Command): Command {
  addJobOptions(command);
  return command.option("--faults <json>");
}

test("a simulation that fails prints the command that replays it, and train prints none", async () => {
  const failing = async () => {
    throw new DataError("round 3", { expected: "a gradient" });
  };
  const world = new FakeWorld(failing);
  assert.equal(await run(world, "simulate", "--seed", "7", "--loss", "0.1"), EXIT.failed);
  assert.match(world.stderr.text, /^replay: thinwire simulate --seed 7 --faults '\{"loss":0\.1\}'$/m);
  const diverging = new FakeWorld(pretend({ outcome: "diverged" }));
  assert.equal(await run(diverging, "simulate"), EXIT.failed);
  assert.match(diverging.stderr.text, /^replay: thinwire simulate$/m);
  const training = new FakeWorld(failing);
  assert.equal(await run(training, "train"), EXIT.failed);
  assert.doesNotMatch(training.stderr.text, /replay/);
});

test("train knows no faults, for its time is real", async () => {
  const world = new FakeWorld();
  assert.equal(await run(world, "train", "--loss", "0.1"), EXIT.usage);
});
