import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { flatLayout, layoutOf } from "../base/layout.ts";
import { adam } from "./adam.ts";
import { norm } from "./elementwise.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { sgd } from "./sgd.ts";
import { assertNear, f32, f64, follow, p2, p3 } from "./trajectories.contract.ts";

const gradients = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 3, maxLength: 3 });
const bounds = fc.double({ min: 1e-3, max: 200, noNaN: true });

/** What is left of the gradient: SGD at x = 0 with η = 1 moves by exactly that. */
function clipped(g: ArrayLike<number>, options: Partial<PipelineOptions>): Float64Array {
  const params = new Float64Array(3);
  sgd(options).open(p3.layout, f64).step(params, Float64Array.from(g), 1);
  return params.map((value) => -value);
}

test("global clipping bounds the norm and keeps the direction, and a second time changes nothing", () => {
  fc.assert(
    fc.property(gradients, bounds, (g, c) => {
      const once = clipped(g, { clip: c });
      const length = norm(Float64Array.from(g));
      assertNear([norm(once)], [Math.min(c, length)], 1e-12 * c);
      const factor = length <= c ? 1 : c / length;
      assertNear(
        once,
        g.map((value) => factor * value),
        1e-12 * c,
      );
      assertNear(clipped(once, { clip: c }), once, 1e-12 * c);
    }),
  );
});

test("a gradient within the bound keeps its bits", () => {
  fc.assert(
    fc.property(gradients, (g) => {
      const single = Float32Array.from(g);
      const bound = Math.max(1e-3, norm(single));
      for (const clipBy of ["global", "layer", "value"] as const) {
        const [with_, without] = [new Float32Array(3), new Float32Array(3)];
        const report = sgd({ clip: bound, clipBy }).open(p3.layout, f32).step(with_, single.slice(), 1);
        sgd().open(p3.layout, f32).step(without, single.slice(), 1);
        assert.deepEqual(with_, without);
        assert.deepEqual(report, { clipScale: 1 });
      }
    }),
  );
});

test("by layer each tensor has its own norm, by value each entry its own bound", () => {
  assertNear(clipped([3, 4, 12], { clip: 1, clipBy: "layer" }), [0.6, 0.8, 1], 1e-15);
  assertNear(clipped([3, -4, 0.5], { clip: 1, clipBy: "value" }), [1, -1, 0.5], 0);
  assertNear(clipped([3, 4, 0], { clip: 1, clipBy: "global-eps" }), [3 / (5 + 1e-6), 4 / (5 + 1e-6), 0], 1e-15);
});

test("the smallest factor is reported", () => {
  const report = (options: Partial<PipelineOptions>) =>
    sgd(options)
      .open(p3.layout, f64)
      .step(new Float64Array(3), Float64Array.of(3, 4, 20), 1);
  assert.deepEqual(report({ clip: 1, clipBy: "layer" }), { clipScale: 0.05 });
  assert.deepEqual(report({ clip: 5, clipBy: "value" }), { clipScale: 0.25 });
});

test("clipping comes before coupled decay, and after it where so asked", () => {
  const after = (options: Partial<PipelineOptions>) => {
    const x = Float64Array.of(1);
    sgd({ clip: 1, decay: 0.5, decayBy: "coupled", ...options })
      .open(flatLayout(1), f64)
      .step(x, Float64Array.of(4), 0.1);
    return x;
  };
  assertNear(after({}), [1 - 0.1 * 1.5], 1e-15);
  assertNear(after({ clipAfterDecay: true }), [0.9], 1e-15);
});

test("for plain SGD coupled and decoupled decay are the same, for Adam they are not", () => {
  const paths = (make: typeof adam | typeof sgd) =>
    (["rate", "coupled"] as const).map((decayBy) =>
      follow({ problem: p2, optimizer: make({ decay: 0.1, decayBy }), learningRate: 0.1 }, 20),
    );
  const [decoupled, coupled] = paths(sgd);
  for (const [k, x] of decoupled!.entries()) assertNear(coupled![k]!, x, 1e-14);
  const [first, second] = paths(adam);
  assert.ok(Math.abs(first![20]![0]! - second![20]![0]!) > 1e-3);
});

test("independent decay follows the schedule but not the size of the learning rate", () => {
  const after = (base: number) => {
    const x = Float64Array.of(1);
    const optimizer = sgd({ decay: 0.1, decayBy: "independent", decayBase: base });
    const stepper = optimizer.open(flatLayout(1), f64);
    stepper.step(x, Float64Array.of(0), base);
    stepper.step(x, Float64Array.of(0), base / 2);
    return x;
  };
  assertNear(after(1), [0.9 * 0.95], 1e-15);
  assertNear(after(1e-3), [0.9 * 0.95], 1e-15);
});

test("vectors are left out of the decay where so asked", () => {
  const layout = layoutOf([
    ["weights", [1, 2]],
    ["bias", [2]],
  ]);
  for (const decayBy of ["rate", "coupled"] as const) {
    const x = Float64Array.of(1, 1, 1, 1);
    sgd({ decay: 0.5, decayBy, exclude: "vectors" }).open(layout, f64).step(x, new Float64Array(4), 0.1);
    assertNear(x, [0.95, 0.95, 1, 1], 1e-15);
  }
});

test("a decay that would turn the parameters around is refused, a large one warned of", () => {
  const optimizer = sgd({ decay: 1 });
  const step = (rate: number) =>
    optimizer.open(flatLayout(1), f64).step(new Float64Array(1), new Float64Array(1), rate);
  assert.throws(() => step(1), { code: "config" });
  step(0.99);
  const warned = (learningRate: number) => optimizer.warnings?.({ learningRate, rounds: 1, batch: 1 }).length;
  assert.equal(warned(0.1), 1);
  assert.equal(warned(0.09), 0);
});

test("relative clipping without decoupled decay is refused", () => {
  assert.throws(() => sgd({ clip: 4, clipBy: "relative" }), { code: "config" });
  assert.throws(() => sgd({ clip: 4, clipBy: "relative", decay: 0.1, decayBy: "coupled" }), { code: "config" });
  assert.throws(() => sgd({ clip: 0.5, clipBy: "relative", decay: 0.1 }), { code: "config" });
});
