import assert from "node:assert/strict";
import { test } from "node:test";
import { Aborted } from "../../base/errors.ts";
import { checkJob } from "../../runs/job.ts";
import { runCommandLine } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { FakeWorld, pretend } from "../testing/fake-world.ts";
import type { Engines } from "../world.ts";

const run = (world: FakeWorld, ...args: string[]) => runCommandLine(args, world, "1.2.3");

test("train writes to a folder of its own and says where; simulate writes only where told", async () => {
  const world = new FakeWorld();
  assert.equal(await run(world, "train"), EXIT.done);
  assert.equal(await run(world, "simulate"), EXIT.done);
  assert.equal(await run(world, "simulate", "--out", "here"), EXIT.done);
  assert.deepEqual(
    world.runs.map(({ kind, controls }) => [kind, controls.out]),
    [
      ["train", "runs/train-2026-03-09T14-05-33"],
      ["simulate", undefined],
      ["simulate", "here"],
    ],
  );
  assert.match(world.out.text, /written to runs\/train-2026-03-09T14-05-33/);
});

test("the defaults are 4 peers on the digits, behind 20 Mbit/s", async () => {
  const world = new FakeWorld();
  await run(world, "train");
  const [{ job } = assert.fail()] = world.runs;
  assert.deepEqual([job.data, job.peers, job.link?.up, job.link?.latency], ["digits", 4, 2e7, 0]);
});

test("every option of the job reaches it", async () => {
  const world = new FakeWorld();
  const options = {
    recipe: "double-squeeze",
    compressor: "sign",
    down: "top-k:0.1",
    momentum: "0.5@server",
    model: "softmax",
    data: "csv:x.csv",
    partition: "dirichlet:0.3",
    peers: "7",
    server: "own",
    batch: "9",
    lr: "0.25",
    rounds: "11",
    until: "loss=0.5",
    link: "1mbit/2mbit/3ms",
    compute: "measured",
    evalEvery: "3",
    seed: "99",
    engine: "jax",
  };
  const flags = Object.entries(options).flatMap(([key, value]) => [
    key === "evalEvery" ? "--eval-every" : `--${key}`,
    value,
  ]);
  await run(world, "train", ...flags, "--checkpoint-every", "5");
  assert.deepEqual(world.runs[0]?.job, checkJob(options));
  assert.equal(world.runs[0]?.controls.checkpointEvery, 5);
});

test("a run that is continued keeps its options and its folder, unless told otherwise", async () => {
  const saved = checkJob({ recipe: "sgd", rounds: "77", link: "3mbit" });
  const world = new FakeWorld(pretend(), { jobOf: async () => saved });
  await run(world, "train", "--resume", "runs/a");
  await run(world, "train", "--resume", "runs/a/checkpoints/round-000050", "--rounds", "99");
  await run(world, "train", "--resume", "runs/a", "--out", "runs/b");
  assert.deepEqual(
    world.runs.map(({ job, controls }) => [job.recipe, job.rounds, job.link?.up, controls.resume, controls.out]),
    [
      ["sgd", 77, 3e6, "runs/a", "runs/a"],
      ["sgd", 99, 3e6, "runs/a/checkpoints/round-000050", "runs/a"],
      ["sgd", 77, 3e6, "runs/a", "runs/b"],
    ],
  );
});

test("the exit code tells how the run ended", async () => {
  const code = (fields: Parameters<typeof pretend>[0], ...args: string[]) =>
    run(new FakeWorld(pretend(fields)), "train", ...args);
  const until = ["--until", "accuracy=0.9"];
  assert.equal(await code({ outcome: "rounds" }), EXIT.done);
  assert.equal(await code({ outcome: "target" }, ...until), EXIT.done);
  assert.equal(await code({ outcome: "rounds" }, ...until), EXIT.missed);
  assert.equal(await code({ outcome: "diverged" }, ...until), EXIT.missed);
  assert.equal(await code({ outcome: "diverged" }), EXIT.failed);
  assert.equal(await code({ outcome: "interrupted" }), EXIT.interrupted);
});

test("the first Ctrl-C asks to stop, the second stops at once, and afterwards nobody listens", async () => {
  const engine: Engines["train"] = async (_job, { stop, kill }) => {
    world.pressCtrlC();
    assert.deepEqual([stop?.aborted, kill?.aborted], [true, false]);
    world.pressCtrlC();
    assert.deepEqual([stop?.aborted, kill?.aborted], [true, true]);
    throw new Aborted("train", { expected: "to go on" });
  };
  const world: FakeWorld = new FakeWorld(engine);
  assert.equal(await run(world, "train"), EXIT.interrupted);
  assert.equal(world.out.text.match(/stopping after this round/g)?.length, 1);
  assert.match(world.stderr.text, /^thinwire: stopped at once\n$/);
  assert.equal(world.listening, false);
});

test("--json prints the result as the only line of stdout", async () => {
  const world = new FakeWorld();
  await run(world, "simulate", "--json");
  assert.equal(world.out.lines.length, 1);
  assert.equal(JSON.parse(world.out.text).paramsHash, "ab".repeat(32));
  assert.match(world.stderr.text, /round 20\/300/);
});

test("--quiet leaves the result and the warnings", async () => {
  const world = new FakeWorld(pretend({ warnings: ["the error can grow"] }));
  await run(world, "simulate", "--quiet");
  assert.equal(world.stderr.text, "warning: the error can grow\n");
  assert.match(world.out.text, /^done after 21 rounds/);
});
