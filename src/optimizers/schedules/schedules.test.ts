import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sgd } from "../sgd.ts";
import { assertNear, holdsTrajectory, P2_L, p2 } from "../trajectories.contract.ts";
import { scaleToBatch, scalingWarnings } from "./batch-scaling.ts";
import { cosine } from "./cosine.ts";
import { exponential } from "./exponential.ts";
import { parseSchedule, schedules } from "./registry.ts";
import { pastEnd } from "./schedule.ts";
import { warmUp } from "./warm-up.ts";

holdsTrajectory({
  name: "SGD with exponential steps",
  problem: p2,
  optimizer: sgd(),
  learningRate: (t) => 0.3 * exponential().factor(t, 10),
  points: {
    1: [0.285104588748147, 0.0468061183308622],
    2: [0.303632042059881, -0.21416733375437],
    3: [0.349230739328835, -0.34577369468012],
    5: [0.4104294283561, -0.475189376937818],
  },
  loss: { after: 10, value: -0.6524594758 },
  f32: 2e-8,
});

holdsTrajectory({
  name: "SGD with cosine steps",
  problem: p2,
  optimizer: sgd(),
  learningRate: (t) => 0.3 * cosine().factor(t, 10),
  points: {
    1: [0.122024567667181, -0.170633909777092],
    2: [0.3403440307254, -0.382494243648492],
    3: [0.426432671730842, -0.519525400650546],
    5: [0.499819384944416, -0.637952462570838],
  },
  loss: { after: 10, value: -0.6860840471 },
  f32: 3e-8,
});

const factorsOf = (spec: string, rounds: number, at: readonly number[]): number[] =>
  at.map((t) => parseSchedule(spec, "schedule").factor(t, rounds));

test("exponential and cosine factors are as published", () => {
  const exponentially = [0.794328234724281, 0.630957344480193, 0.316227766016838, 0.125892541179417, 0.1];
  assertNear(factorsOf("exponential", 10, [1, 2, 5, 9, 10]), exponentially, 1e-14);
  const cosines = [0.975528258147577, 0.904508497187474, 0.5, 0.0244717418524232, 0];
  assertNear(factorsOf("cosine", 10, [1, 2, 5, 9, 10]), cosines, 1e-14);
});

test("a schedule that counts from 0 uses in round t what the other uses in round t − 1, and 1 in the first", () => {
  for (const name of ["exponential", "cosine", "inverse:c=0.5", "inverse-sqrt"]) {
    const later = factorsOf(`${name}${name.includes(":") ? "," : ":"}first=0`, 10, [1, 2, 3, 10]);
    assertNear(later, [1, ...factorsOf(name, 10, [1, 2, 9])], 1e-15, name);
  }
});

test("factors of the other schedules", () => {
  assertNear(factorsOf("inverse:c=0.5", 10, [1, 2, 6]), [1 / 1.5, 1 / 2, 1 / 4], 1e-15);
  assertNear(factorsOf("inverse-sqrt:c=0.5", 10, [4, 9]), [1 / 2, 1 / 2.5], 1e-15);
  assertNear(factorsOf("polynomial", 10, [1, 6, 10]), [1, 0.5, 0.1], 1e-15);
  assertNear(factorsOf("polynomial:power=2", 10, [1, 6, 10]), [1, 0.25, 0.01], 1e-15);
  assertNear(factorsOf("stages:3,0.8,rho=0.5", 10, [1, 3, 4, 8, 9, 10]), [1, 1, 0.5, 0.5, 0.25, 0.25], 1e-15);
  assertNear(factorsOf("stages", 100, [50, 51, 75, 76]), [1, 0.1, 0.1, 0.01], 1e-15);
  assertNear(factorsOf("gadam:from=10", 20, [1, 5, 6, 7, 9, 10, 20]), [1, 1, 0.875, 0.75, 0.5, 0.5, 0.5], 1e-15);
  assertNear(factorsOf("gadam:from=0.5,floor=0", 20, [5, 7, 9]), [1, 0.5, 0], 1e-15);
  assertNear(factorsOf("constant", 3, [1, 3]), [1, 1], 0);
});

test("a warm-up is a straight line to the learning rate, and the next schedule begins where it ends", () => {
  assertNear(
    factorsOf("warmup:5+cosine", 15, [1, 5, 6, 10, 15]),
    [0.2, 1, ...factorsOf("cosine", 10, [1, 5, 10])],
    1e-15,
  );
  assertNear(factorsOf("warmup:0.5", 4, [1, 2, 3, 4]), [0.5, 1, 1, 1], 1e-15);
  assertNear(factorsOf("warmup:9+cosine", 3, [1, 2, 3, 4]), [1 / 3, 2 / 3, 1, 1], 1e-15);
});

test("the linear rule with a warm-up from the rate of the small batch is Goyal's", () => {
  const reference = { learningRate: 0.1, warmUp: 5 };
  const scaled = scaleToBatch("linear", 8, reference);
  const { factor } = warmUp({ length: scaled.warmUp, start: 1 / 8 });
  const rates = [1, 2, 3, 4, 5].map((t) => scaled.learningRate * factor(t, 90));
  assertNear(rates, [0.24, 0.38, 0.52, 0.66, 0.8], 1e-15);
  assert.deepEqual(scaleToBatch("sqrt", 4, reference), { learningRate: 0.2, warmUp: 5 });
  assert.deepEqual(scaleToBatch("legw", 4, reference), { learningRate: 0.2, warmUp: 20 });
});

test("the linear rule warns without a warm-up, and any rule far beyond the reference without layer-wise rates", () => {
  assert.deepEqual(scalingWarnings("linear", 8, 5, false), []);
  assert.match(scalingWarnings("linear", 8, 0, false).join(), /warm-up/);
  assert.match(scalingWarnings("sqrt", 65, 5, false).join(), /LARS/);
  assert.deepEqual(scalingWarnings("sqrt", 65, 5, true), []);
});

test("the exponential schedule warns of rates above 1/L, of runs that are too short and of β below 1", () => {
  const use = { learningRate: 1 / P2_L, rounds: 10, batch: 1, L: P2_L };
  assert.deepEqual(exponential().warnings?.(use), []);
  assert.match(exponential().warnings!({ ...use, learningRate: 0.3 }).join(), /at most 1\/L/);
  assert.match(exponential(20).warnings!(use).join(), /max\(3, β\) = 20/);
  assert.match(exponential(0.5).warnings!(use).join(), /β at least 1/);
  const warmed = parseSchedule("warmup:8+exponential", "schedule");
  assert.match(warmed.warnings!(use).join(), /not 2/, "the warm-up takes eight of ten rounds");
});

const examples = [...schedules.values()].flatMap((entry) => entry.examples);

test("names are canonical specs", () => {
  for (const spec of examples) assert.equal(parseSchedule(spec, "schedule").name, spec);
  assert.equal(parseSchedule(" warmup:5 + cosine:first=1 ", "schedule").name, "warmup:5+cosine");
  assert.equal(parseSchedule("stages:0.5,0.75,rho=0.1", "schedule").name, "stages");
});

test("every schedule stays in [0, 1], never rises once warm, and keeps its last value beyond T", () => {
  const rounds = fc.integer({ min: 2, max: 500 });
  for (const spec of examples) {
    const schedule = parseSchedule(spec, "schedule");
    const name = spec.split("+").at(-1)!;
    fc.assert(
      fc.property(rounds, fc.nat({ max: 600 }), (T, late) => {
        let before = 1;
        for (let t = 1; t <= T; t++) {
          const factor = schedule.factor(t, T);
          assert.ok(factor >= 0 && factor <= 1, `${spec}: ${factor} in round ${t} of ${T}`);
          assert.ok(
            name !== spec || spec.startsWith("warmup") || factor <= before + 1e-12,
            `${spec} rises in round ${t}`,
          );
          before = factor;
        }
        assert.equal(schedule.factor(T + late, T), schedule.factor(T, T));
      }),
    );
  }
});

test("a run that goes past the end of its schedule is told", () => {
  assert.equal(pastEnd(cosine(), 10, 10), undefined);
  assert.match(pastEnd(cosine(), 11, 10) ?? "", /made for 10 rounds; round 11/);
});

test("specs that make no sense are refused", () => {
  const bad = [
    "cosin",
    "cosine:5",
    "cosine:first=2",
    "exponential:beta=0",
    "inverse:c=-1",
    "polynomial:power=-1",
    "stages:0",
    "stages:rho=0",
    "gadam:floor=2",
    "warmup:0",
    "warmup:5,start=2",
    "cosine+warmup:5",
    "warmup:5+warmup:5",
    "warmup:5+cosine+inverse",
    "",
  ];
  for (const spec of bad) assert.throws(() => parseSchedule(spec, "schedule"), { code: "config" }, spec);
});
