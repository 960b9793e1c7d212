/**
 * Runs that others watch and restart: job files, metrics, logs for programs, and going on where a run was left.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Aborted, DataError } from "../../base/errors.ts";
import { readExposition, sampleOf } from "../../runs/exposition.contract.ts";
import { checkJob } from "../../runs/job.ts";
import { runCommandLine } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { FakeWorld, pretend } from "../testing/fake-world.ts";
import type { Engines } from "../world.ts";

const run = (world: FakeWorld, ...args: string[]) => runCommandLine(args, world, "1.2.3");
const eventsOf = (world: FakeWorld) => world.stderr.lines.map((line) => JSON.parse(line));

test("train and simulate take their options from a job file", async () => {
  const file = { recipe: "sgd", rounds: 7, faults: { loss: 0.1 }, out: "here", checkpointEvery: 3 };
  const world = new FakeWorld();
  world.files.set("job.json", JSON.stringify(file));
  await run(world, "train", "--config", "job.json");
  await run(world, "simulate", "--config", "job.json", "--rounds", "8", "--out", "there");
  assert.deepEqual(
    world.runs.map(({ kind, job, controls }) => [kind, job.recipe, job.rounds, job.faults, controls.out]),
    [
      ["train", "sgd", 7, { loss: 0.1 }, "here"],
      ["simulate", "sgd", 8, { loss: 0.1 }, "there"],
    ],
  );
  assert.equal(world.runs[0]?.controls.checkpointEvery, 3);
});

test("while a run goes on its metrics and its health are served, and afterwards no more", async () => {
  const engine: Engines["train"] = async (job, controls) => {
    const result = await pretend()(job, controls);
    const pages = world.monitors.get("http://127.0.0.1:9464") ?? assert.fail("nothing is served");
    const metrics = readExposition(pages.get("/metrics")?.().body ?? "");
    assert.equal(sampleOf(metrics, "thinwire_rounds_total"), 20);
    assert.equal(sampleOf(metrics, "thinwire_test_accuracy"), 0.95);
    assert.equal(sampleOf(metrics, "thinwire_compression_ratio"), 10);
    const health = () => pages.get("/healthz")?.();
    assert.deepEqual([health()?.status, JSON.parse(health()?.body ?? "").status], [200, "training"]);
    world.pass(20_001);
    assert.deepEqual([health()?.status, JSON.parse(health()?.body ?? "").status], [503, "stalled"]);
    return result;
  };
  const world: FakeWorld = new FakeWorld(engine);
  assert.equal(await run(world, "train", "--metrics", "9464", "--stall-after", "20s"), EXIT.done, world.stderr.text);
  assert.match(world.out.text, /^watch http:\/\/127\.0\.0\.1:9464\/metrics and \/healthz$/m);
  assert.equal(world.monitors.size, 0);
});

test("a run that fails leaves nothing served", async () => {
  const world = new FakeWorld(() => Promise.reject(new DataError("digits", { expected: "rows" })));
  assert.equal(await run(world, "train", "--metrics", "9464"), EXIT.failed);
  assert.equal(world.monitors.size, 0);
});

test("--log json writes one JSON object a line on stderr, and the result alone on stdout", async () => {
  const world = new FakeWorld(pretend({ warnings: ["the error can grow"] }));
  assert.equal(await run(world, "train", "--log", "json", "--json"), EXIT.done);
  const events = eventsOf(world);
  for (const { time } of events) assert.equal(time, world.today().toISOString());
  assert.deepEqual(
    events.filter(({ level }) => level !== "info").map(({ level, event, message }) => [level, event, message]),
    [["warning", "message", "the error can grow"]],
  );
  const last = events.at(-1);
  assert.deepEqual(
    [last.event, last.status, last.round, last.rounds, last.accuracy],
    ["progress", "done", 20, 300, 0.95],
  );
  assert.equal(world.out.lines.length, 1);
  assert.equal(JSON.parse(world.out.text).rounds, 21);
});

test("with --log json a failure is a line of the log as well, with its replay", async () => {
  const failing = new FakeWorld(() => Promise.reject(new DataError("digits", { expected: "rows" })));
  assert.equal(await run(failing, "simulate", "--log", "json"), EXIT.failed);
  assert.deepEqual(
    eventsOf(failing).map(({ level, message }) => [level, message]),
    [
      ["error", "replay: thinwire simulate"],
      ["error", "thinwire: digits: expected rows."],
    ],
  );
  const killed = new FakeWorld(() => Promise.reject(new Aborted("train", { expected: "to go on" })));
  assert.equal(await run(killed, "train", "--log", "json"), EXIT.interrupted);
  assert.deepEqual(
    eventsOf(killed).map(({ message }) => message),
    ["thinwire: stopped at once"],
  );
});

test("--continue begins a run, and goes on with the one that its folder holds", async () => {
  const saved = checkJob({ recipe: "sgd", rounds: "77", link: "3mbit" });
  const world = new FakeWorld(pretend(), { jobOf: async () => saved, holdsRun: async (path) => path === "full" });
  await run(world, "train", "--out", "empty", "--continue");
  await run(world, "train", "--out", "full", "--continue");
  assert.deepEqual(
    world.runs.map(({ job, controls }) => [job.rounds, controls.resume, controls.out]),
    [
      [300, undefined, "empty"],
      [77, "full", "full"],
    ],
  );
});

test("--continue needs --out, and takes no --resume", async () => {
  const world = new FakeWorld();
  assert.equal(await run(world, "train", "--continue"), EXIT.usage);
  assert.equal(await run(world, "train", "--continue", "--out", "a", "--resume", "b"), EXIT.usage);
  assert.deepEqual(world.stderr.lines, [
    "thinwire: --continue: expected --out, the folder of the run.",
    'thinwire: --continue: expected no --resume beside it, got "b".',
  ]);
});
