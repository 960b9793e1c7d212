import assert from "node:assert/strict";
import { test } from "node:test";
import { openBench } from "./bench.ts";
import { at, figures, last, tailMean } from "./experiment.ts";
import { experiments } from "./registry.ts";
import { reproduce } from "./result.ts";

/** What takes a second or two and no data. */
const QUICK = ["dcgd-divergence", "sign-ridge", "sign-smooth", "sign-generalisation", "unbounded-smoothness"];

test("every experiment names its paper, its claim and its setting", () => {
  for (const [name, { name: own, title, paper, claim, setting }] of experiments) {
    assert.equal(own, name);
    assert.match(name, /^[a-z0-9-]+$/);
    assert.match(paper, /arXiv:\d{4}\.\d{5}/);
    assert.ok(claim.length > 40 && setting.length > 40 && title.length > 10, name);
  }
});

for (const name of QUICK) {
  test(`${name}: the published claim holds`, async () => {
    const bench = openBench("nowhere", new AbortController().signal);
    let now = 0;
    const { result, figure } = await reproduce(experiments.get(name)!, bench, () => {
      now += 1500;
      return now;
    });
    assert.equal(result.verdict, "holds", result.measured);
    assert.equal(result.seconds, 1.5);
    for (const { points, name: curve } of figure.curves) assert.ok(points.length > 0, curve);
  });
}

test("a missing file is refused by its path", async () => {
  const bench = openBench("nowhere", new AbortController().signal);
  await assert.rejects(experiments.get("qsgd-floor")!.run(bench), /nowhere\/mushrooms: expected a file/);
});

test("curves are read at a point, at their end and over their tail", () => {
  const curve = { name: "line", points: [0, 2, 4, 6].map((x) => ({ x, y: 10 * x })) };
  assert.deepEqual([at(curve, 3), last(curve), tailMean(curve, 4)], [40, 60, 50]);
  assert.ok(Number.isNaN(at(curve, 7)));
});

test("numbers in sentences have three figures, or two and an exponent", () => {
  assert.deepEqual([0, 0.28612, 1.2e-7, 34567, 12.345].map(figures), ["0", "0.286", "1.2e-7", "3.5e+4", "12.3"]);
});
