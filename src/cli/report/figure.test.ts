import assert from "node:assert/strict";
import { test } from "node:test";
import type { Figure } from "../../reproduction/experiment.ts";
import { figureSvg } from "./figure.ts";

const figure = (ys: readonly number[], yScale: Figure["yScale"] = "log"): Figure => ({
  xLabel: "rounds",
  yLabel: "f < 1",
  yScale,
  curves: [{ name: "C(x) & e", points: ys.map((y, x) => ({ x, y })) }],
});

const pointsIn = (svg: string): string[] => /<polyline[^>]* points="([^"]*)"/.exec(svg)![1]!.split(" ");
const labelsIn = (svg: string): string[] => [...svg.matchAll(/text-anchor="end">([^<]*)</g)].map((match) => match[1]!);

test("a figure stands alone: namespace, size, its own colours, title and legend", () => {
  const svg = figureSvg("Top-1 & co", figure([1, 0.1]));
  assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="\d+" height="\d+"/);
  assert.match(svg, /<style>.*\.run-0 \.line\{stroke:#/);
  assert.match(svg, />Top-1 &amp; co<\/text>/);
  assert.match(svg, /C\(x\) &amp; e/);
  assert.match(svg, /f &lt; 1/);
  assert.doesNotMatch(svg, /var\(/); // renderers outside of browsers know no variables
});

test("equal ratios are equal distances on a logarithmic scale, and what is not above 0 is left out", () => {
  const heights = pointsIn(figureSvg("t", figure([1, 0.1, 0.01, 0, 1e-3]))).map((point) => Number(point.split(",")[1]));
  assert.equal(heights.length, 4);
  const steps = heights.slice(1).map((height, i) => height - heights[i]!);
  for (const step of steps) assert.ok(Math.abs(step - steps[0]!) < 0.3, `${steps}`);
});

test("a scale of thirty decades labels a few of them", () => {
  const labels = labelsIn(figureSvg("t", figure([1, 1e-30])));
  assert.ok(labels.length >= 5 && labels.length <= 12, labels.join(" "));
  for (const label of labels) assert.match(label, /^1e-?\d+$/);
});

test("long curves are thinned to what the picture can show, their ends kept", () => {
  const all = pointsIn(
    figureSvg(
      "t",
      figure(
        Array.from({ length: 20_001 }, (_, t) => 1 + t),
        "linear",
      ),
    ),
  );
  assert.ok(all.length <= 402);
  assert.match(all.at(-1)!, /^622,/);
});
