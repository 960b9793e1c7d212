import assert from "node:assert/strict";
import { test } from "node:test";
import { Aborted, ConfigError } from "../base/errors.ts";
import { checkJob } from "../runs/job.ts";
import type { Evaluation, RunResult } from "../runs/result.ts";
import { CANDIDATES } from "./candidates.ts";
import { bestOf, bottleneckOf, type PlanRow, plan, type Standing } from "./plan.ts";

const shared = checkJob({ model: "softmax", peers: "4", link: "1mbit/10ms", seed: "3", lr: "0.2" });

test("every candidate is weighed with the job's own options, the most promising first", async () => {
  const { rows, left, parameters } = await plan(shared);
  assert.equal(parameters, 650);
  assert.deepEqual(left, []);
  assert.equal(rows.length, CANDIDATES.length);
  for (const [i, { job, round, ratio, relative, bottleneck }] of rows.entries()) {
    assert.deepEqual([job.peers, job.link, job.seed, job.learningRate], [4, shared.link, 3, 0.2]);
    assert.ok(round.seconds > 0.005 && round.bytes > 0);
    assert.equal(bottleneck, bottleneckOf(round));
    if (i > 0) assert.ok(relative >= rows[i - 1]!.relative);
    if (job.recipe === "sgd") assert.deepEqual([ratio, relative], [1, 1]);
  }
});

test("the same job gives the same plan", async () => {
  assert.deepEqual(await plan(shared), await plan(shared));
});

test("what the job's own options rule out is left out, and why is told", async () => {
  const { rows, left } = await plan(checkJob({ model: "softmax", recipe: "sgd", server: "own" }));
  assert.equal(rows.length + left.length, CANDIDATES.length);
  assert.ok(left.some(({ recipe }) => recipe === "d-psgd"));
  for (const { recipe, why } of left) assert.match(why, /--server/, recipe);
});

test("more peers than fit are refused before anything is run", async () => {
  const many = checkJob({ model: "mlp:4000,4000", peers: "1400" });
  await assert.rejects(
    plan(many),
    (error) => error instanceof ConfigError && /--peers: .*at most \d+ peers/.test(error.message),
  );
});

test("a plan that is called off ends as aborted", async () => {
  await assert.rejects(plan(shared, AbortSignal.abort()), Aborted);
});

const standing = (name: string, result: Partial<RunResult>): Standing => ({
  row: { job: { recipe: name } } as PlanRow, // nobody looks at more
  result: { reachedTargetAtSeconds: null, curve: [], ...result } as RunResult,
});
const at = (seconds: number, loss: number) => ({ seconds, loss }) as Evaluation;
const best = (...runs: Standing[]) => bestOf(runs).row.job.recipe;

test("the first at the target is best, however good another one is", () => {
  assert.equal(
    best(
      standing("slow", { reachedTargetAtSeconds: 9, curve: [at(9, 0.1)] }),
      standing("fast", { reachedTargetAtSeconds: 4, curve: [at(4, 0.3)] }),
      standing("late", { curve: [at(3, 0.01)] }),
    ),
    "fast",
  );
});

test("without a target reached, losses are compared at one moment, and what came less than half as far is left aside", () => {
  const long = standing("long", { curve: [at(0, 2), at(5, 1), at(50, 0.1)] });
  const quick = standing("quick", { curve: [at(0, 2), at(4, 0.9), at(6, 0.8)] });
  const usual = standing("usual", { curve: [at(0, 2), at(6, 0.9)] });
  const barely = standing("barely", { curve: [at(0, 0.5), at(1, 0.4)] });
  assert.equal(best(long, quick, usual, barely), "quick");
  assert.equal(best(long, barely), "long");
  assert.equal(best(barely), "barely");
});
