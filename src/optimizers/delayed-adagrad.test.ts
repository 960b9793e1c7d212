import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { flatLayout } from "../base/layout.ts";
import { delayedAdaGrad } from "./delayed-adagrad.ts";
import { f64, holdsTrajectory, n2, P2_L, p2 } from "./trajectories.contract.ts";

holdsTrajectory({
  name: "delayed AdaGrad, global",
  problem: n2,
  optimizer: delayedAdaGrad({ power: 0.6 }),
  learningRate: 0.5,
  points: {
    1: [-0.25, -1.25],
    2: [-0.0788762074735531, -1.0959885867262],
    3: [0.0788031796144727, -1.05307855700293],
    5: [0.239922156669965, -0.963056516324846],
  },
  loss: { after: 100, value: -0.6999059597 },
  f32: 9e-8,
});

holdsTrajectory({
  name: "delayed AdaGrad, per coordinate",
  problem: n2,
  optimizer: delayedAdaGrad({ per: "coordinate", power: 0.6 }),
  learningRate: 0.5,
  points: {
    1: [-0.25, -1.25],
    2: [0.130809004525799, -1.07022174452793],
    3: [0.359256649820715, -1.03440125279797],
    5: [0.508137057246496, -0.949849935079664],
  },
  loss: { after: 100, value: -0.6997611105 },
  f32: 6e-8,
});

holdsTrajectory({
  name: "delayed AdaGrad with momentum",
  problem: n2,
  optimizer: delayedAdaGrad({ per: "coordinate", momentum: 0.9 }),
  learningRate: 0.1,
  points: {
    1: [0.75, 0.55],
    2: [0.439580144438556, 0.0940213424126158],
    3: [0.162665805530234, -0.357479172189116],
    5: [-0.221088861909539, -1.12594750214398],
  },
  loss: { after: 100, value: -0.6998064618 },
  f32: 5e-8,
});

holdsTrajectory({
  name: "the step of AdaBatchGrad",
  problem: p2,
  optimizer: delayedAdaGrad({ power: 0.6 }),
  learningRate: 0.5,
  points: {
    1: [-0.5, -1],
    2: [-0.252226965390112, -0.893811556595762],
    3: [-0.108405548720685, -0.837387056586585],
    5: [0.0794663039393955, -0.771786122631859],
  },
  loss: { after: 100, value: -0.6999987917 },
  f32: 3e-8,
});

/** η_t of steps with gradients of the given norms. */
function stepSizes(power: number, norms: readonly number[]): number[] {
  const stepper = delayedAdaGrad({ power }).open(flatLayout(1), f64);
  return norms.map((norm) => {
    const x = new Float64Array(1);
    stepper.step(x, Float64Array.of(norm), 1);
    return -x[0]! / norm;
  });
}

test("step sizes for squared norms 1, 4, 9, 1 are as published", () => {
  const expected: readonly [number, readonly number[]][] = [
    [0.5, [1, Math.SQRT1_2, 0.408248290463863, 0.258198889747161]],
    [0.6, [1, 0.659753955386447, 0.341278751846537, 0.196945129270852]],
  ];
  for (const [power, sizes] of expected) {
    const found = stepSizes(power, [1, 2, 3, 1]);
    for (const [i, size] of sizes.entries()) assert.ok(Math.abs(found[i]! - size) < 1e-14, `${found} for p = ${power}`);
  }
});

test("a step size never grows, and does not depend on the gradient that it multiplies", () => {
  const norms = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(
      norms,
      fc.double({ min: 0.5, max: 1, noNaN: true }),
      fc.double({ min: 1, max: 9, noNaN: true }),
      (all, power, last) => {
        const sizes = stepSizes(power, all);
        for (let i = 1; i < sizes.length; i++) assert.ok(sizes[i]! <= sizes[i - 1]! * (1 + 1e-12), `${sizes}`);
        const other = stepSizes(power, [...all.slice(0, -1), last]).at(-1)!;
        assert.ok(Math.abs(other - sizes.at(-1)!) <= 1e-12 * other);
      },
    ),
  );
});

test("it warns where 2ηL reaches β^p, and not where it stays below", () => {
  const use = { learningRate: 0.5, rounds: 100, batch: 1, L: P2_L };
  for (const per of ["global", "coordinate"] as const) {
    const [line] = delayedAdaGrad({ per, power: 0.6 }).warnings!(use);
    assert.match(line!, /2ηL below β\^p = 1.00.*2ηL = 3.62/);
  }
  assert.deepEqual(delayedAdaGrad({ beta: 13.1 }).warnings!(use), []);
  assert.deepEqual(delayedAdaGrad().warnings!({ learningRate: 0.5, rounds: 100, batch: 1 }), [], "L is not known");
});

test("its memory is what it keeps", () => {
  const { memory } = delayedAdaGrad();
  assert.deepEqual([memory, delayedAdaGrad({ per: "coordinate", momentum: 0.9 }).memory], [0, 2]);
});
