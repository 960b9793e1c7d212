import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { adam } from "../adam.ts";
import type { Real } from "../optimizer.ts";
import { pAdam } from "../padam.ts";
import { sgd } from "../sgd.ts";
import { assertNear, f32, f64, follow, n2, p2 } from "../trajectories.contract.ts";
import type { Averaging } from "./averaging.ts";
import { ema } from "./ema.ts";
import { polyak, polynomialAverage } from "./polyak.ts";
import { averagings, parseAveraging } from "./registry.ts";
import { suffix, tail } from "./tail.ts";

/** x̄ once all were offered. */
function averageOf(averaging: Averaging, iterates: readonly Real[], make = f64): Real {
  const averager = averaging.open(iterates[0]!.length, make);
  for (const x of iterates) averager.absorb(x);
  return averager.average;
}

for (const [precision, make, tolerance] of [
  ["f64", f64, 1e-12],
  ["f32", f32, 1e-6],
] as const) {
  test(`averages of a known trajectory are as published, in ${precision}`, () => {
    const path = follow({ problem: p2, optimizer: sgd(), learningRate: 0.1 }, 5, make);
    const steps = path.slice(1);
    const rows: readonly [Averaging, readonly Real[], readonly number[]][] = [
      [polyak, steps, [0.49085, 0.14855]],
      [tail(2), steps, [0.408083333333333, -0.05575]],
      [suffix(0.6, 5), steps, [0.408083333333333, -0.05575]],
      [ema(0.9), steps, [0.475309516251129, 0.107726307049889]],
      [ema(0.9, "first"), path, [0.785134, 0.634605]],
      [ema(0.999, "warm"), path, [0.403202147852148, -0.107027722277722]],
      [polynomialAverage(3), steps, [0.409875, -0.0766964285714286]],
    ];
    for (const [averaging, iterates, expected] of rows) {
      assertNear(averageOf(averaging, iterates, make), expected, tolerance, averaging.name);
    }
  });
}

test("the zero start divides the plain sum by 1 − d^k", () => {
  const [first, second] = averageOf(ema(0.9), follow({ problem: p2, optimizer: sgd(), learningRate: 0.1 }, 5).slice(1));
  assertNear([first! * (1 - 0.9 ** 5), second! * (1 - 0.9 ** 5)], [0.194644, 0.044115], 1e-12);
});

test("Gadam and GadamX average what AdamW and PAdam give", () => {
  const gadam = follow({ problem: n2, optimizer: adam({ decay: 0.1 }), learningRate: 0.1 }, 5).slice(1);
  assertNear(gadam.at(-1)!, [0.479188297722655, 0.472310621637003], 1e-12);
  assertNear(averageOf(tail(1), gadam), [0.627994312922389, 0.626837410842981], 1e-12);
  const gadamX = follow({ problem: n2, optimizer: pAdam({ decay: 0.1 }), learningRate: 0.1 }, 5).slice(1);
  assertNear(averageOf(tail(1), gadamX), [0.891020478916138, 0.86585465109418], 1e-12);
});

const ROUNDS = 20;
const all = [...averagings.values()]
  .flatMap((entry) => entry.examples)
  .map((spec) => parseAveraging(spec, "average", ROUNDS));
const entry = fc.double({ min: -1e3, max: 1e3, noNaN: true });
const iterates = (least: number) =>
  fc.array(fc.array(entry, { minLength: 3, maxLength: 3 }), { minLength: least, maxLength: ROUNDS });
const reals = (vectors: readonly (readonly number[])[]): Float64Array[] => vectors.map((x) => Float64Array.from(x));

test("the average of a constant sequence is that constant", () => {
  for (const averaging of all) {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 5 }), (x) => {
        const same = Array.from({ length: ROUNDS }, () => Float64Array.from(x));
        assert.deepEqual(
          [...averageOf(averaging, same)],
          x.map((value) => value + 0),
          averaging.name,
        );
      }),
    );
  }
});

test("averages are linear in the iterates", () => {
  for (const averaging of all) {
    fc.assert(
      fc.property(iterates(ROUNDS), iterates(ROUNDS), entry, (xs, ys, a) => {
        const combined = xs.map((x, k) => x.map((value, i) => a * value + ys[k]![i]!));
        const [x, y] = [averageOf(averaging, reals(xs)), averageOf(averaging, reals(ys))];
        const expected = [0, 1, 2].map((i) => a * x[i]! + y[i]!);
        assertNear(averageOf(averaging, reals(combined)), expected, 1e-12 * 1e6, averaging.name);
      }),
    );
  }
});

test("streaming gives the weighted mean of the batch", () => {
  const offered = fc.tuple(iterates(1), fc.nat({ max: 5 }), fc.integer({ min: 1, max: 4 }));
  fc.assert(
    fc.property(offered, ([xs, from, every]) => {
      const taken = xs.filter((_, index) => index + 1 > from && (index + 1 - from) % every === 0);
      const averager = tail(from, every).open(3, f64);
      for (const x of reals(xs)) averager.absorb(x);
      assert.equal(averager.count, taken.length);
      if (taken.length === 0) return;
      const mean = [0, 1, 2].map((i) => taken.reduce((sum, x) => sum + x[i]!, 0) / taken.length);
      assertNear(averager.average, mean, 1e-12 * 1e3);
    }),
  );
  fc.assert(
    fc.property(iterates(1), (xs) => {
      const weights = xs.map((_, k) => 0.9 ** (xs.length - 1 - k));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const mean = [0, 1, 2].map((i) => xs.reduce((sum, x, k) => sum + weights[k]! * x[i]!, 0) / total);
      assertNear(averageOf(ema(0.9), reals(xs)), mean, 1e-12 * 1e3);
    }),
  );
});

test("polynomial averages with power 0 are plain means", () => {
  fc.assert(
    fc.property(iterates(1), (xs) =>
      assert.deepEqual(averageOf(polynomialAverage(0), reals(xs)), averageOf(polyak, reals(xs))),
    ),
  );
});

test("an average lies between the least and the largest iterate", () => {
  for (const averaging of all) {
    fc.assert(
      fc.property(iterates(ROUNDS), (xs) => {
        const mean = averageOf(averaging, reals(xs));
        for (const i of [0, 1, 2]) {
          const column = xs.map((x) => x[i]!);
          assert.ok(mean[i]! >= Math.min(...column) - 1e-9 && mean[i]! <= Math.max(...column) + 1e-9, averaging.name);
        }
      }),
    );
  }
});

test("a restored average continues bit for bit, in f32 and in f64", () => {
  for (const averaging of all) {
    for (const make of [f32, f64]) {
      const xs = follow({ problem: n2, optimizer: sgd(), learningRate: 0.1 }, 12, make);
      const whole = averaging.open(2, make);
      const parts = [averaging.open(2, make), averaging.open(2, make)] as const;
      for (const [k, x] of xs.entries()) {
        whole.absorb(x);
        if (k === 6) parts[1].restore(parts[0].save());
        parts[k < 6 ? 0 : 1].absorb(x);
      }
      assert.equal(parts[1].count, whole.count);
      if (whole.count > 0) assert.deepEqual(parts[1].average, whole.average, averaging.name);
    }
  }
});

test("nothing is absorbed before its time, and an average of nothing is a bug", () => {
  const averager = tail(2).open(1, f64);
  for (const x of [5, 7]) averager.absorb(Float64Array.of(x));
  assert.equal(averager.count, 0);
  assert.throws(() => averager.average, /bug/);
  averager.absorb(Float64Array.of(9));
  assert.deepEqual([averager.count, ...averager.average], [1, 9]);
});

test("a run too short to average is told", () => {
  assert.match(tail(99).warnings(100).join(), /give 1 iterates/);
  assert.match(tail(100).warnings(100).join(), /give 0 iterates/);
  assert.deepEqual(tail(98).warnings(100), []);
  assert.deepEqual(polyak.warnings(100), []);
});

test("names are canonical specs, and specs that make no sense are refused", () => {
  for (const { name } of all) assert.equal(parseAveraging(name, "average", ROUNDS).name, name);
  const bad = ["polyac", "polyak:2", "tail:from=-1", "tail:every=0", "tail:from=1.5", "ema:1", "ema:0.9,start=cold"];
  for (const spec of [...bad, "polynomial:power=-1", "suffix:0"]) {
    assert.throws(() => parseAveraging(spec, "average", ROUNDS), { code: "config" }, spec);
  }
  assert.throws(() => parseAveraging("suffix:0.5", "average"), { code: "config" }, "its length is not known");
});
