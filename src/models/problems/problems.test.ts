import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Random } from "../../base/random.ts";
import { modelContract, syntheticData } from "../model.contract.ts";
import { openModel } from "../open.ts";
import { problemModel } from "./analytic-model.ts";
import { crossedRidges, exponential, polyakLojasiewicz, quartic, scaleInvariant } from "./functions.ts";
import { minimum } from "./newton.ts";
import { dot, meanOf, type Problem, squaredGradientNorm } from "./problem.ts";
import {
  clusteredSpectrum,
  heterogeneous,
  linearSpectrum,
  logSpectrum,
  powerSpectrum,
  quadratic,
  type Spectrum,
} from "./quadratic.ts";
import { Risk } from "./risk.ts";
import { linear, logistic, squares } from "./row-loss.ts";
import { rowsOf } from "./rows.ts";

const Z = [
  [1, 2],
  [-1, 1],
  [2, -1],
];
const signs = rowsOf(Z, [1, -1, 1]);
const numbers = rowsOf(Z, [1, 0, -1]);

const near = (actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void => {
  for (const [i, value] of expected.entries()) {
    assert.ok(
      Math.abs(actual[i]! - value) <= tolerance,
      `${Array.from(actual)} is not within ${tolerance} of ${expected}`,
    );
  }
};

const gradientOf = (problem: Problem, x: Float64Array): Float64Array => {
  const gradient = new Float64Array(problem.length).fill(Number.NaN);
  problem.at(x, gradient);
  return gradient;
};

const rng = Random.fromSeed(2);
const SPECTRUM = linearSpectrum(6, 0.5, 8);
const CENTER = [1, -2, 3, 0, 0.5, -0.25];
const round = quadratic(SPECTRUM, CENTER, rng);

const SMOOTH: readonly Problem[] = [
  round,
  heterogeneous(round, 3, 2, rng)[1]!,
  polyakLojasiewicz,
  quartic,
  exponential([1, 0.5, 2]),
  scaleInvariant([1, 3, 10]),
  new Risk(linear, { l2: 1 }).on(numbers),
  new Risk(squares).on(numbers),
  new Risk(logistic, { l2: 0.1 }).on(signs),
  new Risk(logistic, { nonconvex: 0.1 }).on(signs),
  meanOf([new Risk(logistic, { l2: 0.1 }).on(signs), new Risk(squares).on(numbers)]),
];

for (const problem of [...SMOOTH, crossedRidges(0.5)]) {
  test(`${problem.name}: the gradient agrees with central differences`, () => {
    const points = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), {
      minLength: problem.length,
      maxLength: problem.length,
    });
    fc.assert(
      fc.property(points, (entries) => {
        const x = Float64Array.from(entries, (value, j) => value + 0.01 * (j + 1)); // away from kinks and poles
        const gradient = gradientOf(problem, x);
        const size = Math.sqrt(dot(gradient, gradient));
        fc.pre(problem.length !== 2 || Math.abs(Math.abs(x[0]!) - Math.abs(x[1]!)) > 1e-3);
        fc.pre(!problem.name.includes("‖") || dot(x, x) > 0.1);
        for (let j = 0; j < x.length; j++) {
          const h = 1e-6 * Math.max(1, Math.abs(x[j]!));
          const at = (sign: number) => problem.at(x.map((value, k) => (k === j ? value + sign * h : value)));
          const slope = (at(1) - at(-1)) / (2 * h);
          assert.ok(Math.abs(slope - gradient[j]!) < 1e-7 * (1 + size) + 1e-8, `∂${j}: ${slope}, ${gradient[j]}`);
        }
      }),
    );
  });
}

for (const problem of SMOOTH.filter(({ hessianTimes }) => hessianTimes !== undefined)) {
  test(`${problem.name}: the Hessian agrees with differences of the gradient`, () => {
    const x = Float64Array.from({ length: problem.length }, (_, j) => rng.split("x").normal(j));
    const v = Float64Array.from({ length: problem.length }, (_, j) => rng.split("v").normal(j));
    const product = new Float64Array(problem.length);
    problem.hessianTimes!(x, v, product);
    const at = (h: number) =>
      gradientOf(
        problem,
        x.map((value, j) => value + h * v[j]!),
      );
    const [ahead, behind] = [at(1e-5), at(-1e-5)];
    near(
      product,
      Array.from(ahead, (value, j) => (value - behind[j]!) / 2e-5),
      1e-7,
    );
  });
}

test("least squares has the value, the spectrum and the minimum worked out by hand", () => {
  const risk = new Risk(squares);
  near([risk.curvature([numbers]).L], [7 / 3], 1e-9);
  const { x, value } = minimum(risk.on(numbers));
  near(x, [-3 / 35, 17 / 35], 1e-12);
  near([value], [8 / 105], 1e-14);
});

test("logistic regression has the published value, gradient and minimum", () => {
  const risk = new Risk(logistic, { l2: 0.1 });
  const problem = risk.on(signs);
  near([risk.curvature([signs]).L, risk.curvature([signs]).mu!], [0.683333333333333, 0.1], 1e-9);
  near([problem.at(new Float64Array(2))], [Math.LN2], 1e-14);
  near(gradientOf(problem, new Float64Array(2)), [-2 / 3, 0], 1e-14);
  const x = Float64Array.of(0.5, -0.25);
  near([problem.at(x)], [0.459607422673406], 1e-14);
  near(gradientOf(problem, x), [-0.372073859491742, -0.177159520116695], 1e-14);
  const found = minimum(problem);
  near(found.x, [1.50851396441656, 0.128422592135034], 1e-10);
  near([found.value], [0.260109535427976], 1e-14);
});

test("logistic regression with the non-convex regulariser has the published value and gradient", () => {
  const problem = new Risk(logistic, { nonconvex: 0.1 }).on(signs);
  const x = Float64Array.of(0.5, -0.25);
  near([problem.at(x)], [0.469864775614583], 1e-14);
  near(gradientOf(problem, x), [-0.358073859491742, -0.196450177556141], 1e-14);
});

test("the logistic loss stays finite and exact for scores of any size", () => {
  for (const [score, expected] of [
    [800, 800],
    [-800, 0],
    [-1, 0.31326168751822286],
    [1, 1.3132616875182228],
  ] as const) {
    const slope = logistic.slope(score, -1);
    near([logistic.value(score, -1, slope), slope], [expected, 1 / (1 + Math.exp(-score))], 1e-14);
  }
});

test("gradient descent on x² + 3 sin² x follows the known trajectory", () => {
  const x = Float64Array.of(3);
  for (const next of [2.48382464945968, 2.27733899919183, 2.11814801304179, 1.9611561125978, 1.78006212716202]) {
    x[0]! -= 0.1 * gradientOf(polyakLojasiewicz, x)[0]!;
    near(x, [next], 1e-12);
  }
});

test("x² + 3 sin² x is dominated by its gradient with the constant it states, and with no larger one", () => {
  const { mu } = polyakLojasiewicz.constants;
  const ratio = (x: number) =>
    squaredGradientNorm(polyakLojasiewicz, Float64Array.of(x)) / 2 / polyakLojasiewicz.at(Float64Array.of(x));
  for (let x = 0.01; x < 10; x += 0.01) assert.ok(ratio(x) >= mu! - 1e-9, `at ${x}`);
  near([ratio(2.2017092)], [mu!], 1e-9);
});

test("a step of 0.01 on x⁴ diverges from 10, a step of 0.001 follows the known trajectory", () => {
  const x = Float64Array.of(10);
  for (const next of [-30, 1050, -46_303_950]) near(descend(quartic, x, 0.01), [next], 1e-7);
  x[0] = 10;
  for (const next of [6, 5.136, 4.594080178176]) near(descend(quartic, x, 0.001), [next], 1e-12);
});

function descend(problem: Problem, x: Float64Array, stepSize: number): Float64Array {
  const gradient = gradientOf(problem, x);
  for (let j = 0; j < x.length; j++) x[j]! -= stepSize * gradient[j]!;
  return x;
}

test("gradients of a scale-invariant function stand at right angles to x and shrink as x grows", () => {
  const problem = scaleInvariant([1, 3, 10]);
  const x = Float64Array.of(0.3, -0.2, 0.1);
  const gradient = gradientOf(problem, x);
  near([dot(x, gradient)], [0], 1e-15);
  near(
    gradientOf(
      problem,
      x.map((value) => 4 * value),
    ),
    Array.from(gradient, (g) => g / 4),
    1e-15,
  );
  assert.equal(problem.constants.least, 1);
});

const SPECTRA: readonly (readonly [string, Spectrum])[] = [
  ["linear", linearSpectrum],
  ["logarithmic", logSpectrum],
  ["power law", powerSpectrum],
  ["clustered", clusteredSpectrum],
];
for (const [name, spectrum] of SPECTRA) {
  test(`a quadratic with a ${name} spectrum has the eigenvalues and the minimum it states`, () => {
    const eigenvalues = spectrum(6, 0.5, 8);
    near([Math.max(...eigenvalues), Math.min(...eigenvalues)], [8, 0.5], 1e-12);
    const problem = quadratic(eigenvalues, CENTER, rng);
    near(minimum(problem).x, CENTER, 1e-10);
    // The trace of the Hessian is the sum of its eigenvalues.
    let trace = 0;
    for (let j = 0; j < 6; j++) {
      const column = new Float64Array(6);
      problem.hessianTimes!(
        column,
        Float64Array.from({ length: 6 }, (_, k) => (k === j ? 1 : 0)),
        column,
      );
      trace += column[j]!;
    }
    near([trace], [eigenvalues.reduce((a, b) => a + b)], 1e-12);
  });
}

test("heterogeneous workers have the asked spread at every point, and the minimum of their mean does not move", () => {
  const parts = heterogeneous(round, 5, 3, rng);
  const x = Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6);
  const mean = gradientOf(round, x);
  const squaresOf = parts.map((part) => gradientOf(part, x).reduce((sum, g, j) => sum + (g - mean[j]!) ** 2, 0));
  near([squaresOf.reduce((a, b) => a + b) / 5], [9], 1e-10);
  near([meanOf(parts).at(x)], [round.at(x)], 1e-12);
  near(gradientOf(meanOf(parts), x), [...mean], 1e-12);
});

test("the model of a problem starts where it is told and hands out its gradient in f32", async () => {
  const model = problemModel(round, new Float32Array(6).fill(1));
  const [params, out] = [new Float32Array(6), new Float32Array(6)];
  model.init(rng, params);
  const none = { size: 0, inputs: new Float32Array(), targets: new Int32Array() };
  assert.equal(await model.gradient(params, none, out), round.at(params));
  assert.deepEqual(out, Float32Array.from(gradientOf(round, new Float64Array(6).fill(1))));
});

for (const [spec, classes] of [
  ["analytic:nonconvex=0.1", 2],
  ["analytic:least-squares,l2=0.1", 2],
  ["analytic:least-squares", 5],
] as const) {
  const data = syntheticData(700, [9], classes);
  modelContract(spec, data, 32, () => openModel(spec, { inputShape: [9], classes }, { batch: 32 }));
}

test("a curvature gives the smoothness of the mean and of each part", async () => {
  const data = syntheticData(60, [4], 2);
  const model = await openModel("analytic:l2=0.5", { inputShape: [4], classes: 2 }, { batch: 1 });
  const parts = [Uint32Array.from({ length: 20 }, (_, i) => i), Uint32Array.from({ length: 40 }, (_, i) => 20 + i)];
  const both = model.curvature!(data, parts);
  const each = parts.map((part) => model.curvature!(data, [part]).L);
  near([both.Ltilde, both.Lmax, both.mu!], [Math.hypot(...each) / Math.SQRT2, Math.max(...each), 0.5], 1e-12);
  assert.ok(both.L <= both.Ltilde && both.L > 0.5);
});

test("a loss that is not there is met with those that are", async () => {
  const data = { inputShape: [4], classes: 2 };
  await assert.rejects(openModel("analytic:logistics", data, { batch: 1 }), /Did you mean logistic\?/);
  await assert.rejects(openModel("analytic", { ...data, classes: 3 }, { batch: 1 }), { code: "config" });
});
