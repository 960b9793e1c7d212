import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { pow } from "../base/maths.ts";
import { asgd, extrapolation } from "./asgd.ts";
import { nesterov } from "./nesterov.ts";
import { assertNear, f64, follow, holdsTrajectory, P2_L, P2_MU, p2 } from "./trajectories.contract.ts";

const optimizer = asgd({ mu: P2_MU, rounds: 10 });

holdsTrajectory({
  name: "ASGD with exponential steps",
  problem: p2,
  optimizer,
  learningRate: 1 / P2_L,
  points: {
    1: [0.341359226700849, 0.121812302267798],
    2: [0.272712110258581, -0.277313650620761],
    3: [0.341107402775803, -0.464856785176946],
    5: [0.467180589201621, -0.626379397956486],
  },
  loss: { after: 10, value: -0.6964732228 },
  f32: 3e-8,
});

test("without a horizon it is Nesterov's look-ahead method at the momentum of strongly convex losses", () => {
  const root = Math.sqrt(P2_L / P2_MU);
  const momentum = (root - 1) / (root + 1);
  const learningRate = 1 / P2_L;
  const ours = follow({ problem: p2, optimizer: asgd({ mu: P2_MU }), learningRate }, 30);
  const theirs = follow({ problem: p2, optimizer: nesterov({ form: "look-ahead", momentum }), learningRate }, 30);
  for (const [k, x] of ours.entries()) assertNear(x, theirs[k]!, 1e-12, `X(${k})`);
});

test("extrapolation factors are as published, and solve the recursion that they come from", () => {
  const alpha = pow(0.1, 0.1);
  const r = (k: number): number => Math.sqrt((P2_MU / P2_L) * pow(alpha, k));
  const b = (k: number): number => extrapolation(r(k - 1), r(k), alpha);
  assertNear(
    [r(0), r(1), r(2), r(3)],
    [0.618033988749895, 0.550823372271885, 0.49092184728331, 0.437534556941602],
    1e-14,
  );
  assertNear(
    [b(1), b(2), b(3), b(5)],
    [0.21951408003553, 0.268511117185583, 0.315621199505241, 0.403477777238947],
    1e-14,
  );
  for (let k = 1; k <= 10; k++) {
    const eta = pow(alpha, k) / P2_L;
    assertNear([r(k) ** 2], [(1 - r(k)) * r(k - 1) ** 2 * alpha + r(k) * P2_MU * eta], 1e-12);
  }
});

test("extrapolation factors stay in [0, 1)", () => {
  const unit = fc.double({ min: 1e-6, max: 1, noNaN: true });
  fc.assert(
    fc.property(unit, fc.double({ min: 0.01, max: 1, noNaN: true }), (before, alpha) => {
      const b = extrapolation(before, before * Math.sqrt(alpha), alpha);
      assert.ok(b >= 0 && b < 1, `${b}`);
    }),
  );
});

test("before the first step the iterate is the starting point, and a restored one has the saved iterate", () => {
  const first = optimizer.open(p2.layout, f64);
  const y = Float64Array.of(1, 1);
  assert.deepEqual(first.iterate?.(y), y);
  const g = new Float64Array(2);
  for (const t of [1, 2]) {
    p2.gradient(y, t, g);
    first.step(y, g, 1 / P2_L);
  }
  const second = optimizer.open(p2.layout, f64);
  second.restore(first.save());
  assert.deepEqual(second.iterate?.(y), first.iterate?.(y));
  assert.notDeepEqual(second.iterate?.(y), y);
});

test("it warns of steps above 1/L, of horizons that are too short, and of a μ that is too large", () => {
  const use = { learningRate: 1 / P2_L, rounds: 10, batch: 1, L: P2_L, mu: P2_MU };
  const warnings = (options: Parameters<typeof asgd>[0], changed: object = {}): readonly string[] =>
    asgd(options).warnings!({ ...use, ...changed });
  assert.deepEqual(warnings({ mu: P2_MU, rounds: 10 }), []);
  assert.match(warnings({ mu: P2_MU, rounds: 10 }, { learningRate: 0.3 }).join(), /at most 1\/L/);
  assert.match(warnings({ mu: P2_MU, rounds: 2 }).join(), /max\(3, β\)/);
  assert.match(warnings({ mu: 2, rounds: 10 }).join(), /μ at most/);
  assert.match(warnings({ mu: 4, rounds: 10 }).join(), /μη at most 1/);
});
