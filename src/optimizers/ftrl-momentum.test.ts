import { test } from "node:test";
import fc from "fast-check";
import { flatLayout } from "../base/layout.ts";
import { type FtrlMomentumOptions, ftrlMomentum } from "./ftrl-momentum.ts";
import { assertNear, f64, holdsTrajectory, n2 } from "./trajectories.contract.ts";

holdsTrajectory({
  name: "FTRL momentum",
  problem: n2,
  optimizer: ftrlMomentum(),
  learningRate: 0.5,
  points: {
    1: [0.375, -0.125],
    2: [0.22977994274006, -0.353987042263509],
    3: [0.289879778926293, -0.459097783809591],
    5: [0.423597397066122, -0.481644908858352],
  },
  loss: { after: 100, value: -0.689074091 },
  f32: 5e-8,
});

holdsTrajectory({
  name: "FTRL momentum with growing weights",
  problem: n2,
  optimizer: ftrlMomentum({ weights: 1, power: 1.5 }),
  learningRate: 0.2,
  points: {
    1: [0.666666666666667, 0.4],
    2: [0.610594697259571, 0.401836640599672],
    3: [0.635477482946145, 0.376658051673731],
    5: [0.63407862083662, 0.355872878600389],
  },
  loss: { after: 100, value: -0.3988284751 },
  f32: 1e-7,
});

holdsTrajectory({
  name: "FTRL momentum, adaptive",
  problem: n2,
  optimizer: ftrlMomentum({ adaptive: "global" }),
  learningRate: 0.5,
  points: {
    1: [0.880817176344301, 0.785470917419742],
    2: [0.785364569750784, 0.671397565555804],
    3: [0.727044120968723, 0.575166030206914],
    5: [0.632882421549167, 0.430786778393676],
  },
  loss: { after: 100, value: -0.6936638652 },
  f32: 8e-8,
});

holdsTrajectory({
  name: "FTRL momentum, adaptive per coordinate",
  problem: n2,
  optimizer: ftrlMomentum({ adaptive: "coordinate" }),
  learningRate: 0.5,
  points: {
    1: [0.767880827278685, 0.755953234954012],
    2: [0.618266905592824, 0.611909843763469],
    3: [0.517467863267525, 0.499383233630321],
    5: [0.36939088609223, 0.329648901967598],
  },
  loss: { after: 100, value: -0.6873268656 },
  f32: 1e-7,
});

/** The defining identity: x_{t+1} = (A_t x_t + a_{t+1} w_{t+1})/A_{t+1} with w_{t+1} = x_1 − γ_t Σ a_i g_i. */
function averagedFtrl(gradients: readonly number[][], { weights, adaptive }: FtrlMomentumOptions): number[] {
  const sums = [0, 0];
  const squares = [0, 0];
  let x = [1, -2];
  let total = 0;
  for (const [index, g] of gradients.entries()) {
    const t = index + 1;
    const a = t ** weights;
    for (const j of [0, 1]) {
      sums[j]! += a * g[j]!;
      squares[j]! += (a * g[j]!) ** 2;
    }
    const gamma = (j: number): number =>
      0.3 /
      {
        no: Math.sqrt(t),
        global: Math.hypot(1, Math.sqrt(squares[0]! + squares[1]!)),
        coordinate: Math.sqrt(1 + squares[j]!),
      }[adaptive];
    const next = (t + 1) ** weights;
    total += a;
    x = x.map((value, j) => (total * value + next * ([1, -2][j]! - gamma(j) * sums[j]!)) / (total + next));
  }
  return x;
}

test("the iterate is the running average of the points of FTRL", () => {
  const gradient = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 2 });
  const options = fc.record({
    weights: fc.constantFrom(0, 1, 2),
    adaptive: fc.constantFrom("no", "global", "coordinate"),
    power: fc.constant(0.5),
    delta: fc.constant(1),
  });
  fc.assert(
    fc.property(fc.array(gradient, { minLength: 1, maxLength: 30 }), options, (gradients, chosen) => {
      const stepper = ftrlMomentum(chosen).open(flatLayout(2), f64);
      const x = Float64Array.of(1, -2);
      for (const g of gradients) stepper.step(x, Float64Array.from(g), 0.3);
      assertNear(x, averagedFtrl(gradients, chosen), 1e-12);
    }),
  );
});
