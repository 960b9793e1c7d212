import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readData } from "../data/files.ts";
import { parseLibsvm } from "../data/libsvm.ts";
import { needs, PUBLIC_DATA } from "../data/readers.contract.ts";
import { minimum } from "../models/problems/newton.ts";
import { dot, squaredGradientNorm } from "../models/problems/problem.ts";
import { Risk } from "../models/problems/risk.ts";
import { logistic } from "../models/problems/row-loss.ts";
import { sparseRows } from "../models/problems/rows.ts";
import { batchLogistic, nonconvexLogistic, sortedLogistic } from "./classification.ts";

const read = async (file: string) => parseLibsvm(await readData(join(PUBLIC_DATA, file)), file);

const near = (actual: number, expected: number, relative: number) =>
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${actual} and ${expected}`);

for (const [file, L, Ltilde, atOnes, squaredAtOnes, squaredAtZero] of [
  ["mushrooms", 2.786214234, 3.493225975, 15.7223381, 3.91630650786, 0.319580182366],
  ["a9a", 1.771919699, 1.773067081, 16.6639999888, 4.95151139189, 0.453968057859],
  ["w8a", 0.8611993845, 1.016118058, 26.4581022067, 3.17810287435, 0.316424407459],
] as const) {
  test(`the non-convex problem on ${file} has the constants on record`, needs(file), async () => {
    const data = await read(file);
    const { f, curvature } = nonconvexLogistic(data);
    const risk = new Risk(logistic, { nonconvex: 0.1 });
    near(risk.curvature([sparseRows(data, Array(data.rows).keys())]).L, L, 1e-8);
    near(curvature.Ltilde, Ltilde, 1e-8);
    near(f.at(new Float64Array(f.length).fill(1)), atOnes, 1e-8);
    near(squaredGradientNorm(f, new Float64Array(f.length).fill(1)), squaredAtOnes, 1e-8);
    near(squaredGradientNorm(f, new Float64Array(f.length)), squaredAtZero, 1e-8);
  });
}

for (const [file, L, least, gap, disagreement] of [
  ["mushrooms", 2.60655, 0.196276195278, 0.496871, 0.17395],
  ["a9a", 1.59192, 0.395582228812, 0.297565, 0.55656],
] as const) {
  test(
    `the strongly convex problem on ${file}, sorted by label, has the constants on record`,
    needs(file),
    async () => {
      const { f, curvature, workers } = sortedLogistic(await read(file));
      const { x, value } = minimum(f);
      near(curvature.L, L, 1e-5);
      near(value, least, 1e-11);
      near(f.at(new Float64Array(f.length)) - value, gap, 1e-5);
      const out = new Float32Array(f.length);
      let sum = 0;
      for (const { model, batches } of workers) {
        await model.gradient(Float32Array.from(x), batches.at(0), out);
        sum += dot(out, out) / workers.length;
      }
      near(sum, disagreement, 1e-4);
    },
  );
}

test("the problem of mini-batches on a9a has the constants on record", needs("a9a"), async () => {
  const { f, curvature, workers } = batchLogistic(await read("a9a"), { workers: 16, batch: 8, deal: "iid" });
  near(curvature.L, 0.122446, 1e-4);
  near(minimum(f).value, 0.3367774049, 1e-6);
  assert.deepEqual([workers.length, workers[3]!.batches.at(7).size], [16, 8]);
});
