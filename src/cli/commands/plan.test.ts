import assert from "node:assert/strict";
import { test } from "node:test";
import { Aborted } from "../../base/errors.ts";
import { megabitsPerSecond, milliseconds } from "../../base/units.ts";
import { bottleneckOf, type Plan, type PlanRow } from "../../planning/plan.ts";
import { PARTS, type Part, type RoundCost } from "../../planning/rounds.ts";
import { checkJob, type Job, type JobOptions } from "../../runs/job.ts";
import { runCommandLine } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { FakeWorld, pretend, resultOf } from "../testing/fake-world.ts";
import type { Engines } from "../world.ts";

const run = (world: FakeWorld, ...args: string[]) => runCommandLine(["plan", ...args], world, "1.2.3");

const costOf = (seconds: number, part: Part): RoundCost => ({
  seconds,
  bytes: 80_000,
  parts: { ...(Object.fromEntries(PARTS.map((name) => [name, 0])) as RoundCost["parts"]), [part]: seconds },
});

const row = (shared: Job, options: JobOptions, round: RoundCost, ratio: number, relative: number): PlanRow => ({
  job: checkJob({ ...options, peers: `${shared.peers}`, link: "20mbit/30ms", until: "accuracy=0.9" }),
  round,
  bottleneck: bottleneckOf(round),
  ratio,
  relative,
});

const planOf = (shared: Job): Plan => ({
  parameters: 17_226,
  rows: [
    row(shared, { recipe: "double-squeeze", compressor: "top-k:0.001" }, costOf(0.07, "latency"), 4.1, 0.05),
    row(shared, { recipe: "double-squeeze", compressor: "sign" }, costOf(0.25, "peers up"), 2.4, 0.1),
    row(shared, { recipe: "sgd" }, costOf(6.1, "server up"), 1, 1),
  ],
  left: [{ recipe: "choco", why: "--server: expected none" }],
});

const worldWith = (others: Partial<Engines> = {}, engine?: Engines["train"]) =>
  new FakeWorld(engine, { plan: async (shared) => planOf(shared), ...others });

test("a plan says where a round's time goes, what it recommends and why, and how to try it, in 80 columns", async () => {
  const world = worldWith();
  assert.equal(await run(world, "--peers", "8"), EXIT.done);
  const { text, lines } = world.out;
  assert.match(text, /double-squeeze\/top-k:0\.001 +70 ms +10\.0 kB +latency 100 % +20\.0/);
  assert.match(text, /sgd +6\.1 s +10\.0 kB +server's up port 100 % +1\.0/);
  assert.match(text, /Left out: choco/);
  assert.match(text, /Recommended: double-squeeze\/top-k:0\.001, by the estimate\./);
  assert.match(text, /A round takes 70 ms \(latency 100 %\), one of sgd 6\.1 s/);
  for (const line of lines.slice(0, -1)) assert.ok(line.length <= 80, line);
  assert.match(lines.at(-1) ?? "", /^thinwire simulate .*--compressor top-k:0\.001/);
});

test("an estimate is called one: in the table, in the reason and in the object", async () => {
  const world = worldWith();
  await run(world, "--json");
  const { rows, recommended, estimatesFrom } = JSON.parse(world.out.text);
  assert.match(world.stderr.text, /\* an estimate/);
  assert.match(world.stderr.text, /was not measured for this\s+job/);
  assert.equal(recommended.by, "estimate");
  assert.match(estimatesFrom, /MNIST/);
  assert.deepEqual(
    rows.map(({ estimatedTimeBesideSgd, pilot }: Record<string, unknown>) => [estimatedTimeBesideSgd, pilot]),
    [
      [0.05, null],
      [0.1, null],
      [1, null],
    ],
  );
});

test("a pilot decides, within its budget of real time", async () => {
  const world: FakeWorld = worldWith({}, async (job, { stop }) => {
    world.pass(12_000); // a third of the budget is 10 s
    const seconds = job.up === "sign" ? 4 : 8;
    if (job.recipe !== "sgd") return resultOf(job, { reachedTargetAtSeconds: seconds, reachedTargetAtRound: 5 });
    assert.equal(stop?.aborted, true);
    return resultOf(job, {
      outcome: "interrupted",
      reachedTargetAtSeconds: null,
      reachedTargetAtRound: null,
      seconds: 7,
    });
  });
  assert.equal(await run(world, "--pilot", "30s"), EXIT.done);
  assert.deepEqual(
    world.runs.map(({ kind, job }) => [kind, job.recipe, job.up]),
    [
      ["simulate", "double-squeeze", "top-k:0.001"],
      ["simulate", "double-squeeze", "sign"],
      ["simulate", "sgd", "identity"],
    ],
  );
  assert.match(world.out.text, /Recommended: double-squeeze\/sign, measured in the pilot\./);
  assert.match(
    world.out.text.replace(/\s+/g, " "),
    /sign 5 rounds, 4\.0 s, double-squeeze\/top-k:0\.001 5 rounds, 8\.0 s next/,
  );
  assert.equal(world.timers, 0);
});

test("Ctrl-C in a pilot ends it with what is known by then", async () => {
  const world: FakeWorld = worldWith({}, async (job, controls) => {
    world.pressCtrlC();
    assert.equal(controls.stop?.aborted, true);
    return pretend({ outcome: "interrupted" })(job, controls);
  });
  assert.equal(await run(world, "--pilot", "30s"), EXIT.interrupted);
  assert.equal(world.runs.length, 1);
  assert.match(world.out.text, /measured in the pilot/);
});

test("Ctrl-C before that leaves nothing to show", async () => {
  const world: FakeWorld = worldWith({
    plan: async (_, signal) => {
      world.pressCtrlC();
      assert.equal(signal.aborted, true);
      throw new Aborted("plan", { expected: "to go on" });
    },
  });
  assert.equal(await run(world), EXIT.interrupted);
  assert.equal(world.out.text, "");
});

test("a link is measured where an engine can, in place of --link", async () => {
  const seen: (Job["link"] | string)[] = [];
  const world = worldWith({
    plan: async (shared) => {
      seen.push(shared.link);
      return planOf(shared);
    },
    measureLink: async (host) => {
      seen.push(host);
      return { up: megabitsPerSecond(7), down: megabitsPerSecond(40), latency: milliseconds(12) };
    },
  });
  assert.equal(await run(world, "--measure", "peer.example"), EXIT.done);
  assert.deepEqual(seen, ["peer.example", { up: 7e6, down: 40e6, latency: 0.012 }]);
  assert.equal(await run(world, "--measure", "peer.example", "--link", "1mbit"), EXIT.usage);
  assert.equal(await run(worldWith(), "--measure", "peer.example"), EXIT.usage);
});

test("what a candidate decides is no option of a plan", async () => {
  for (const option of ["--recipe", "--compressor", "--momentum"]) {
    assert.equal(await run(worldWith(), option, "x"), EXIT.usage, option);
  }
  assert.equal(await run(worldWith(), "--pilot", "soon"), EXIT.usage);
});
