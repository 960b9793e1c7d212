import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatClock, formatLoss, formatRate, formatRounds, formatShare, NONE, shorten, wrap } from "./format.ts";

test("a share is shown in percent, and never as perfect when it is not", () => {
  assert.equal(formatShare(0.953), "95.3 %");
  assert.equal(formatShare(0.99999), "99.9 %");
  assert.equal(formatShare(1), "100.0 %");
  assert.equal(formatShare(null), NONE);
  assert.equal(formatShare(Number.NaN), NONE);
});

test("a loss has about three significant figures and at most seven characters", () => {
  assert.deepEqual([0.01234, 0.1234, 1.234, 12.34, 123.4].map(formatLoss), ["0.0123", "0.123", "1.23", "12.3", "123"]);
  fc.assert(fc.property(fc.double({ min: 0, noNaN: true }), (loss) => formatLoss(loss).length <= 8));
});

test("a time that is left is shown as a clock", () => {
  assert.deepEqual([0, 53, 725, 11229].map(formatClock), ["0:00", "0:53", "12:05", "3:07:09"]);
  assert.equal(formatClock(Number.NaN), NONE);
});

test("a rate has at most five characters", () => {
  assert.deepEqual([0.123, 12.34, 123.4, 1234, 99_960].map(formatRate), ["0.12", "12.3", "123", "1.2k", "100k"]);
  fc.assert(fc.property(fc.double({ min: 1e-3, max: 9e6, noNaN: true }), (rate) => formatRate(rate).length <= 5));
});

test("one round is one round", () => {
  assert.equal(formatRounds(1), "1 round");
  assert.equal(formatRounds(1200), "1,200 rounds");
});

test("wrapping keeps all words in order, on lines that fit unless a word is longer", () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 });
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 40 }), (list, width) => {
      const lines = wrap(list.join(" "), width);
      assert.equal(lines.join(" "), list.join(" "));
      for (const line of lines) assert.ok(line.length <= width || !line.includes(" "));
    }),
  );
});

test("a shortened text has at most the width and keeps both ends", () => {
  assert.equal(shorten("double-squeeze/top-k:0.01", 15), "double-…-k:0.01");
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 0, max: 30 }),
      (text, width) => shorten(text, width).length <= width || text.length <= width,
    ),
  );
});
