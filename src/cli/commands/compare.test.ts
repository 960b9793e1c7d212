import assert from "node:assert/strict";
import { test } from "node:test";
import { Aborted, ConfigError, DataError } from "../../base/errors.ts";
import { runCommandLine } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { FakeWorld, pretend, resultOf } from "../testing/fake-world.ts";
import { Terminal } from "../testing/terminal.ts";
import type { Engines } from "../world.ts";

const compare = (world: FakeWorld, ...args: string[]) => runCommandLine(["compare", ...args], world, "1.2.3");
const FOLDER = "runs/compare-2026-03-09T14-05-33";

test("without any word it compares sgd with double-squeeze on the bundled digits, over 20 Mbit/s, until 95 %", async () => {
  const world = new FakeWorld();
  assert.equal(await compare(world), EXIT.done);
  assert.deepEqual(
    world.runs.map(({ kind, job }) => [kind, job.recipe, job.up, job.down]),
    [
      ["train", "sgd", "identity", "identity"],
      ["train", "double-squeeze", "top-k:0.01", "top-k:0.01"],
      ["train", "double-squeeze", "sign", "sign"],
    ],
  );
  for (const { job } of world.runs) {
    assert.deepEqual(
      [job.data, job.peers, job.link?.up, job.link?.down, job.until?.value],
      ["digits", 4, 2e7, 2e7, 0.95],
    );
  }
  assert.deepEqual(
    world.runs.map(({ controls }) => controls.out),
    ["1-sgd", "2-double-squeeze-top-k-0.01", "3-double-squeeze-sign"].map((name) => `${FOLDER}/${name}`),
  );
  assert.deepEqual([...world.files.keys()], [`${FOLDER}/result.json`, `${FOLDER}/report.html`]);
});

test("the table shows what each run took to the target, in 80 columns", async () => {
  const engine: Engines["train"] = async (job) =>
    job.recipe === "sgd" ? resultOf(job, { reachedTargetAtSeconds: 20, compressionRatio: 1 }) : resultOf(job);
  const world = new FakeWorld(engine);
  await compare(world, "sgd", "double-squeeze/sign");
  const start = world.out.lines.findIndex((line) => line.startsWith("run "));
  assert.deepEqual(world.out.lines.slice(start, start + 3), [
    "run                  accuracy  rounds   time      up    down  ratio  faster",
    "sgd                    95.0 %      20  2.0 s  600 kB  200 kB    1.0    1.0x",
    "double-squeeze/sign    95.0 %      20  2.0 s  600 kB  200 kB   10.0   10.0x",
  ]);
  assert.equal(world.out.lines.at(-1), `report: ${FOLDER}/report.html`);
});

test("a run that fails is named in the table, and the others go on", async () => {
  const engine: Engines["train"] = async (job, controls) => {
    if (job.up === "sign") throw new Error("out of memory");
    return pretend()(job, controls);
  };
  const world = new FakeWorld(engine);
  assert.equal(await compare(world, "sgd", "double-squeeze/sign", "double-squeeze"), EXIT.failed);
  assert.equal(world.runs.length, 3);
  assert.match(world.out.text, /double-squeeze\/sign +– +failed/);
  assert.match(world.out.text, /double-squeeze\/sign failed: out of memory/);
});

test("a job that cannot begin is an error of the job, not of a variant", async () => {
  const refuse = (error: Error) => compare(new FakeWorld(() => Promise.reject(error)));
  assert.equal(await refuse(new ConfigError("--partition", { expected: "iid" })), EXIT.usage);
  assert.equal(await refuse(new DataError("digits", { expected: "a file" })), EXIT.failed);
});

test("a run that diverged or missed its target is named, and the command says so by exit code 3", async () => {
  const missed = { reachedTargetAtRound: null, reachedTargetAtSeconds: null, reachedTargetAtBytes: null };
  const engine: Engines["train"] = async (job, controls) => {
    if (job.recipe === "sgd") return pretend({ ...missed, outcome: "rounds", rounds: 300 })(job, controls);
    return pretend({ ...missed, outcome: "diverged", loss: Number.NaN, accuracy: null, rounds: 7 })(job, controls);
  };
  const world = new FakeWorld(engine);
  assert.equal(await compare(world, "sgd", "double-squeeze"), EXIT.missed);
  assert.match(world.out.text, /sgd +96\.0 % +>300/);
  assert.match(world.out.text, /double-squeeze\/top-k:0\.01 +– +diverged/);
  assert.match(world.out.text, /sgd did not reach accuracy=0\.95 in 300 rounds\./);
  assert.match(world.out.text, /double-squeeze\/top-k:0\.01 diverged after 7 rounds\./);
});

test("Ctrl-C stops the run that goes on, skips the others and still writes what there is", async () => {
  const world: FakeWorld = new FakeWorld(async (job, controls) => {
    world.pressCtrlC();
    assert.ok(controls.stop?.aborted && !controls.kill?.aborted);
    return pretend({ outcome: "interrupted", reachedTargetAtRound: null, reachedTargetAtSeconds: null })(job, controls);
  });
  assert.equal(await compare(world), EXIT.interrupted);
  assert.equal(world.runs.length, 1);
  assert.match(world.out.text, /stopping after this round; Ctrl-C again to stop at once/);
  assert.match(world.out.text, /sgd +96\.0 % +stopped/);
  assert.match(world.out.text, /double-squeeze\/sign +– +skipped/);
  assert.equal(world.files.size, 2);
  assert.equal(world.listening, false);
});

test("a second Ctrl-C stops at once, and the table shows what there is", async () => {
  const world: FakeWorld = new FakeWorld(async (_job, controls) => {
    world.pressCtrlC();
    world.pressCtrlC();
    assert.ok(controls.kill?.aborted);
    throw new Aborted("train", { expected: "to go on" });
  });
  assert.equal(await compare(world), EXIT.interrupted);
  assert.match(world.out.text, /sgd +– +stopped/);
});

test("--json prints one object as the last line of stdout and everything else on stderr", async () => {
  const world = new FakeWorld();
  assert.equal(await compare(world, "--json", "--simulate"), EXIT.done);
  assert.equal(world.out.lines.length, 1);
  const object: { clock: string; runs: { variant: string; paramsHash: string }[] } = JSON.parse(world.out.text);
  assert.equal(object.clock, "virtual");
  assert.deepEqual(
    object.runs.map(({ variant }) => variant),
    ["sgd", "double-squeeze/top-k:0.01", "double-squeeze/sign"],
  );
  assert.ok(world.runs.every(({ kind }) => kind === "simulate"));
  assert.match(world.stderr.text, /faster/);
});

test("--json --quiet leaves stderr empty", async () => {
  const world = new FakeWorld();
  await compare(world, "--json", "--quiet");
  assert.equal(world.stderr.text, "");
});

test("in a terminal there is one bar a run, and the cursor comes back", async () => {
  const world = new FakeWorld();
  const terminal = new Terminal(100);
  world.stdout = terminal;
  await compare(world);
  assert.equal(terminal.cursorVisible, true);
  assert.equal(terminal.screen.filter((line) => line.endsWith("reached")).length, 3);
});

test("a variant needs its recipe, and is wanted once", async () => {
  const world = new FakeWorld();
  assert.equal(await compare(world, "sign"), EXIT.usage);
  assert.match(world.stderr.text, /variant sign: .*Did you mean double-squeeze\/sign\?/);
  assert.equal(await compare(world, "sgd", "sgd"), EXIT.usage);
  assert.match(world.stderr.text, /each variant once/);
  assert.equal(await compare(world, "double-squeze/sign"), EXIT.usage);
  assert.match(world.stderr.text, /Did you mean double-squeeze\?/);
  assert.equal(world.runs.length, 0);
});

test("a job file is compared with plain SGD, or lends its options to the variants that are named", async () => {
  const world = new FakeWorld();
  world.files.set("job.json", JSON.stringify({ recipe: "ef21", compressor: "top-k:0.05", peers: 3, out: "there" }));
  assert.equal(await compare(world, "--config", "job.json"), EXIT.done, world.stderr.text);
  assert.equal(await compare(world, "sgd", "double-squeeze/sign", "--config", "job.json", "--peers", "5"), EXIT.done);
  assert.deepEqual(
    world.runs.map(({ job, controls }) => [job.recipe, job.up, job.peers, controls.out]),
    [
      ["sgd", "identity", 3, "there/1-sgd"],
      ["ef21", "top-k:0.05", 3, "there/2-ef21-top-k-0.05"],
      ["sgd", "identity", 5, "there/1-sgd"],
      ["double-squeeze", "sign", 5, "there/2-double-squeeze-sign"],
    ],
  );
});

test("a job file says nothing to compare that it has no use for", async () => {
  const world = new FakeWorld();
  world.files.set("job.json", JSON.stringify({ metrics: "9464" }));
  assert.equal(await compare(world, "--config", "job.json"), EXIT.usage);
  assert.match(world.stderr.text, /^thinwire: job\.json: metrics: expected no metrics with thinwire compare/);
});
