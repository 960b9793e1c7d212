import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lineSearch } from "./line-search.ts";
import type { Real, StepReport } from "./optimizer.ts";
import { exponential } from "./schedules/exponential.ts";
import { f64, holdsTrajectory, P2_L, p2 } from "./trajectories.contract.ts";

const { factor } = exponential(1, 0);
const learningRate = (t: number): number => 2 * factor(t, 10);

holdsTrajectory({
  name: "stochastic line search with exponential steps",
  problem: p2,
  optimizer: lineSearch(),
  learningRate,
  points: {
    1: [-5, -7],
    2: [-0.70121156559446, -3.63573079046523],
    3: [0.299334861105856, -2.60054680845612],
    5: [0.738533400261668, -1.89098450593121],
  },
  loss: { after: 10, value: -0.309053165 },
  f32: 1e-7,
});

/** The reports of steps on P2 at a constant learning rate. */
function reports(
  stepper: ReturnType<ReturnType<typeof lineSearch>["open"]>,
  rate: number,
  steps: number,
): StepReport[] {
  const x: Real = Float64Array.of(1, 1);
  const g = new Float64Array(2);
  return Array.from({ length: steps }, (_, t) => {
    p2.gradient(x, t + 1, g);
    return stepper.step(x, g, rate, p2.loss) as StepReport; // this optimizer always reports
  });
}

test("a step size found by backtracking is used from the next step on", () => {
  const [first, second, third] = reports(lineSearch().open(p2.layout, f64), 2, 3);
  assert.deepEqual(first, { stepSize: 2, backtracks: 6 });
  assert.ok(Math.abs(second!.stepSize! - 0.235298) < 1e-15);
  assert.deepEqual(third, { ...second, backtracks: 0 });
});

test("with the first step searched it already moves by the size that was found", () => {
  const [first, second] = reports(lineSearch({ first: "searched" }).open(p2.layout, f64), 2, 2);
  assert.ok(Math.abs(first!.stepSize! - 0.235298) < 1e-15);
  assert.equal(second!.stepSize, first!.stepSize);
});

test("the step size never grows, and never falls below min(γ_1, 2b(1 − c)/L)", () => {
  const share = fc.double({ min: 0.05, max: 0.95, noNaN: true });
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 20, noNaN: true }), share, share, (rate, c, b) => {
      const sizes = reports(lineSearch({ c, b, most: 1000 }).open(p2.layout, f64), rate, 5).map(
        (report) => report.stepSize!,
      );
      const least = Math.min(rate, (2 * b * (1 - c)) / P2_L);
      for (const [i, size] of sizes.entries()) {
        assert.ok(size >= least * (1 - 1e-9) && size <= (sizes[i - 1] ?? rate), `${sizes} from ${rate}`);
      }
    }),
  );
});

test("when all backtracks fail, the step size falls by one of them", () => {
  const uphill = lineSearch({ most: 3 }).open(p2.layout, f64);
  const x = Float64Array.of(1, 1);
  const sizes = [1, 2, 3].map(() => {
    const report = uphill.step(x, Float64Array.of(-3, -4), 0.5, p2.loss) as StepReport;
    return report.stepSize!;
  });
  assert.deepEqual(sizes, [0.5, 0.5 * 0.7, 0.5 * 0.7 * 0.7]);
});

test("a gradient of zero costs no loss and keeps the step size", () => {
  const stepper = lineSearch().open(p2.layout, f64);
  const never = (): number => assert.fail("no loss is needed");
  assert.deepEqual(stepper.step(Float64Array.of(1, 1), new Float64Array(2), 0.5, never), {
    stepSize: 0.5,
    backtracks: 0,
  });
});

test("a method that cannot evaluate losses is refused", () => {
  const stepper = lineSearch().open(p2.layout, f64);
  assert.throws(() => stepper.step(Float64Array.of(1, 1), Float64Array.of(3, 4), 0.5), { code: "config" });
});
