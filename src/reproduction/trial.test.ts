import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/random.ts";
import { bitsPerSecond, seconds } from "../base/units.ts";
import { problemModel, riskModel } from "../models/problems/analytic-model.ts";
import { quadratic } from "../models/problems/quadratic.ts";
import { Risk } from "../models/problems/risk.ts";
import { linear, type RowLoss, squares } from "../models/problems/row-loss.ts";
import { fullBatch, rowsOf } from "../models/problems/rows.ts";
import { consensusDistance, overLog, reached, run, type Trial, type TrialWorker, withoutData } from "./trial.ts";

/** f_i = ‖x − c_i‖²/2 */
const around = (center: readonly number[]) =>
  withoutData(problemModel(quadratic([1, 1, 1], center, Random.fromSeed(1)), [0, 0, 0]));

const workers = [around([4, 1, -2]), around([0, 3, 5])];

/** x after each of the first rounds. */
async function path(trial: Pick<Trial, "recipe" | "up" | "down">, rounds = 4, stepSize = 0.5): Promise<number[][]> {
  const seen: number[][] = [];
  await run({
    ...trial,
    workers,
    start: [0, 0, 0],
    stepSize,
    rounds,
    value: (x) => {
      seen.push([...x]);
      return 0;
    },
  });
  return seen.slice(1);
}

function assertNear(actual: readonly number[][], expected: readonly (readonly number[])[]): void {
  for (const [t, point] of expected.entries()) {
    for (const [j, value] of point.entries()) {
      assert.ok(Math.abs(actual[t]![j]! - value) < 1e-6, `round ${t}: ${actual[t]} is not ${point}`);
    }
  }
}

test("error feedback walks the path worked out by hand", async () => {
  assertNear(await path({ recipe: "ef-sgd", up: "top-k:1" }), [
    [1, 0, 5 / 4],
    [1, 3 / 2, -1 / 16],
    [5 / 2, 3 / 2, 137 / 64],
    [11 / 8, 3 / 2, 159 / 256],
  ]);
});

test("DoubleSqueeze walks the path worked out by hand", async () => {
  assertNear(await path({ recipe: "double-squeeze", up: "top-k:1", down: "top-k:1" }), [
    [0, 0, 5 / 4],
    [0, 3 / 2, 5 / 4],
    [3, 3 / 2, 5 / 4],
    [3, 3 / 2, 9 / 8],
  ]);
});

test("EF21 that starts from full gradients walks the path worked out by hand", async () => {
  assertNear(await path({ recipe: "ef21:init=full", up: "top-k:1" }, 5), [
    [1, 1, 3 / 4],
    [3 / 2, 2, 3 / 2],
    [2, 2, 9 / 4],
    [5 / 2, 2, 15 / 8],
  ]);
});

test("EF21 that starts from compressed gradients walks the path worked out by hand", async () => {
  assertNear(await path({ recipe: "ef21", up: "top-k:1" }, 5), [
    [1, 0, 5 / 4],
    [2, 3 / 4, 27 / 16],
    [2, 3 / 2, 17 / 8],
    [2, 9 / 4, 29 / 16],
  ]);
});

/** A worker that sees one row of a linear loss, or of ½(z·x)², in turn. */
function inTurn(loss: RowLoss, rows: readonly (readonly number[])[]): TrialWorker {
  const batches = rows.map((row) => fullBatch(rowsOf([row])));
  const model = riskModel(loss.name, new Risk(loss), { width: rows[0]!.length, classes: 2 });
  return { model, batches: { at: (round) => batches[round % rows.length]! } };
}

async function points(trial: Omit<Trial, "value">): Promise<number[][]> {
  const seen: number[][] = [];
  await run({ ...trial, value: (x) => seen.push([...x]) });
  return seen.slice(1);
}

test("Adam returns to the worst end every third step where AMSGrad leaves it", async () => {
  const common = {
    recipe: "sgd",
    workers: [inTurn(linear, [[3], [-1], [-1]])],
    start: [1],
    stepSize: 0.5,
    schedule: (round: number) => 1 / Math.sqrt(round + 1),
    project: (x: Float32Array) => x.set(x.map((entry) => Math.max(-1, Math.min(1, entry)))),
    rounds: 3000,
  };
  const adam = await points({ ...common, optimizer: "adam:b1=0,b2=0.1,eps=0,correct=false" });
  assertNear(adam, [[0.47295372], [0.74332276], [1], [0.73820195], [0.90866536], [1]]);
  assert.equal(adam.at(-1)![0], 1);
  const amsgrad = await points({ ...common, optimizer: "amsgrad:form=original,b1=0,b2=0.1,eps=0" });
  assertNear(amsgrad, [[0.47295372], [0.59717972], [0.69860983]]);
  assert.ok(Math.abs(amsgrad.at(-1)![0]! + 0.9936265) < 1e-4);
});

test("EF-signSGD leaves the line on which all signs are ±(1, −1), and signSGD does not", async () => {
  const eps = 0.1;
  // ½(2a·x)² has the gradient 4⟨a, x⟩a.
  const terms = [
    [2 + 2 * eps, -2 + 2 * eps],
    [-2 + 2 * eps, 2 + 2 * eps],
  ];
  const common = { workers: [inTurn(squares, terms)], start: [1, 1], stepSize: 0.02, rounds: 2000 };
  const f = ([x = 0, y = 0]: readonly number[]) => 2 * (x - y) ** 2 + 2 * (eps * (x + y)) ** 2;
  const feedback = await points({ ...common, recipe: "ef-signsgd", up: "sign" });
  assertNear(feedback, [
    [0.984, 1.016],
    [1.00256, 0.99744],
  ]);
  assert.ok(f(feedback.at(-1)!) < 1e-4);
  const sign = await points({ ...common, recipe: "compressed-sgd", up: "sign:scale=none" });
  for (const [x, y] of sign) assert.ok(Math.abs(x! + y! - 2) < 1e-4);
  assert.ok(f(sign.at(-1)!) > 0.079);
});

test("the curve has the first point, the last and every so many between, and bytes are those of the last worker", async () => {
  const trial = { recipe: "sgd", workers, start: [0, 0, 0], stepSize: 0.5, rounds: 7, every: 3 };
  const { points, bytesUp, params, name } = await run({ ...trial, value: (x) => x[2]! });
  assert.deepEqual(
    points.map(({ x }) => x),
    [0, 3, 6, 7],
  );
  assert.equal(points.at(-1)!.y, params[2]);
  assert.equal(bytesUp, 7 * (24 + 1 + 12)); // header, note, three f32
  assert.equal(name, "sgd");
});

test("a projection binds every worker after each step, and an abort ends the trial", async () => {
  const value = (x: Float32Array) => x[0]!;
  const project = (x: Float32Array) => x.set(x.map((entry) => Math.min(entry, 1)));
  const trial = { recipe: "sgd", workers, start: [0, 0, 0], stepSize: 0.5, rounds: 20, project, value };
  const { params } = await run(trial);
  assert.deepEqual([...params], [1, 1, 1]);
  await assert.rejects(run({ ...trial, signal: AbortSignal.abort() }), { code: "aborted" });
});

test("where every peer has a model of its own, their mean is plotted, and it moves as that of one model would", async () => {
  const stepSize = 0.25;
  const centers = [around([4, 1, -2]), around([0, 3, 5]), around([2, -1, 3])];
  const trial = { recipe: "d-psgd", workers: centers, start: [0, 0, 0], stepSize, rounds: 6 };
  const { points, params, models } = await run({ ...trial, value: ([x]) => x! });
  for (const { x: round, y } of points) assert.ok(Math.abs(y - 2 * (1 - (1 - stepSize) ** round)) < 1e-6);
  assert.equal(points.at(-1)!.y, params[0]);
  assert.equal(models.length, 3);
  const spread = await run({ ...trial, rounds: 1, value: consensusDistance });
  // Ξ = η² (1/n) Σ ‖c_i − c̄‖² after a step from a common point.
  assert.deepEqual(
    spread.points.map(({ y }) => Math.round(1e6 * y)),
    [0, Math.round((1e6 * stepSize ** 2 * (8 + 8 + 26)) / 3)],
  );
});

test("points carry virtual time and the bytes that the last worker had sent", async () => {
  const rate = bitsPerSecond(Number.POSITIVE_INFINITY);
  const link = { up: rate, down: rate, latency: seconds(0.5) };
  const trial = { recipe: "sgd", workers, start: [0, 0, 0], stepSize: 0.5, rounds: 3, link, stepCost: seconds(1) };
  const outcome = await run({ ...trial, value: (x) => x[0]! });
  assert.deepEqual(
    outcome.points.map(({ seconds, bytes }) => [seconds, bytes]),
    [
      [0, 0],
      [1.5, 37],
      [3.5, 74],
      [5.5, 111],
    ],
  );
  assert.deepEqual(
    overLog(outcome, "bytes").points.map(({ x }) => x),
    [37, 74, 111].map(Math.log10),
  );
  assert.equal(reached(outcome, 1.4)?.x, 2);
  assert.equal(reached(outcome, 3), undefined);
});
