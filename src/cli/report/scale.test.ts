import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { linearScale, logScale } from "./scale.ts";

const labels = (scale: { ticks: readonly { label: string }[] }) => scale.ticks.map(({ label }) => label);

test("a linear scale ends at round numbers", () => {
  assert.deepEqual(labels(linearScale([0.13, 0.97], String)), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
  assert.deepEqual(labels(linearScale([0, 287], String)), ["0", "100", "200", "300"]);
});

test("a logarithmic scale labels the powers of ten", () => {
  assert.deepEqual(
    labels(logScale([80, 2e4], String)).filter((label) => label !== ""),
    ["100", "1000", "10000"],
  );
});

test("values that differ in their last digits alone are one value to a scale", () => {
  const { ticks } = linearScale([1e-6, 1.0000000000000002e-6], String);
  assert.ok(ticks.every(({ value }, i) => i === 0 || value > ticks[i - 1]!.value));
});

test("all values lie between the ends, and ticks rise", () => {
  const values = fc.array(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), { maxLength: 20 });
  fc.assert(
    fc.property(values, fc.boolean(), (list, logarithmic) => {
      const scale = logarithmic ? logScale(list, String) : linearScale(list, String);
      for (const value of list) assert.ok(scale.at(value) >= -1e-9 && scale.at(value) <= 1 + 1e-9);
      for (const { value } of scale.ticks) assert.ok(scale.at(value) >= -1e-3 && scale.at(value) <= 1.001);
      assert.ok(scale.ticks.every(({ value }, i) => i === 0 || value > scale.ticks[i - 1]!.value));
      assert.ok(scale.ticks.length <= 60);
    }),
  );
});
