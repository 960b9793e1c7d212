import assert from "node:assert/strict";
import { test } from "node:test";
import { flatLayout } from "../base/layout.ts";
import { adaGradNorm } from "./adagrad-norm.ts";
import { f64, holdsTrajectory, p2 } from "./trajectories.contract.ts";

holdsTrajectory({
  name: "AdaGrad-Norm",
  problem: p2,
  optimizer: adaGradNorm(),
  learningRate: 0.5,
  points: {
    1: [0.705825797292724, 0.607767729723632],
    2: [0.564980445171621, 0.369273993542844],
    3: [0.484716231894266, 0.195539513002275],
    5: [0.411496139872507, -0.0496427863079857],
  },
  loss: { after: 100, value: -0.699999995 },
  f32: 3e-8,
});

test("from b = 0 the first step has length η, and a zero gradient moves nothing", () => {
  const stepper = adaGradNorm({ start: 0 }).open(flatLayout(2), f64);
  const x = new Float64Array(2);
  stepper.step(x, Float64Array.of(0, 0), 0.5);
  assert.deepEqual([...x], [0, 0]);
  stepper.step(x, Float64Array.of(3, -4), 0.5);
  assert.ok(Math.abs(Math.hypot(x[0]!, x[1]!) - 0.5) < 1e-15);
});
