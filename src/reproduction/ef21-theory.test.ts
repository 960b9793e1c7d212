import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Random } from "../base/random.ts";
import { ef21 } from "../channels/ef21.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { dot } from "../models/problems/problem.ts";
import { heterogeneous, linearSpectrum, quadratic } from "../models/problems/quadratic.ts";

const WORKERS = 10;
const D = 20;
const [MU, L] = [1, 20];
const DELTA = 2 / D;
/** θ = 1 − √(1 − δ), β = (1 − δ)/θ */
const THETA = 1 - Math.sqrt(1 - DELTA);
const BETA = (1 - DELTA) / THETA;
/** Of the PL theorem; all L_i are L here. */
const STEP_SIZE = Math.min(1 / (L + L * Math.sqrt((2 * BETA) / THETA)), THETA / (2 * MU));
/** Ψ at which the rounding of f32 shows. */
const F32_FLOOR = 1e-7;

test("under EF21 with top-2, Ψ = f − f* + (γ/θ) mean‖g_i − ∇f_i‖² shrinks by 1 − γμ or more in every round", () => {
  fc.assert(
    fc.property(fc.nat(1e6), (seed) => {
      const rng = Random.fromSeed(seed);
      const f = quadratic(linearSpectrum(D, MU, L), new Array<number>(D).fill(0), rng);
      const parts = heterogeneous(f, WORKERS, 5, rng);
      const channel = ef21(parseCompressor("top-k:2", "test"), { init: "full" });
      const ends = parts.map(() => ({ sender: channel.sender(D), receiver: channel.receiver(D) }));
      const x = Float64Array.from({ length: D }, (_, j) => rng.split("start").normal(j));
      const [gradient, sent, estimate] = [new Float64Array(D), new Float32Array(D), new Float32Array(D)];
      let before = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 400 && before > F32_FLOOR; round++) {
        const mean = new Float64Array(D);
        let distance = 0;
        for (const [i, { sender, receiver }] of ends.entries()) {
          parts[i]!.at(x, gradient);
          sent.set(gradient);
          receiver.decode(sender.encode(sent, rng), estimate, rng);
          sender.commit();
          receiver.commit();
          const miss = estimate.map((g, j) => g - gradient[j]!);
          distance += dot(miss, miss) / WORKERS;
          for (let j = 0; j < D; j++) mean[j]! += estimate[j]! / WORKERS;
        }
        const psi = f.at(x) + (STEP_SIZE / THETA) * distance;
        if (round > 0)
          assert.ok(psi <= (1 - STEP_SIZE * MU) * before + F32_FLOOR * 1e-3, `round ${round}: ${before} → ${psi}`);
        before = psi;
        for (let j = 0; j < D; j++) x[j]! -= STEP_SIZE * mean[j]!;
      }
    }),
    { numRuns: 20 },
  );
});
