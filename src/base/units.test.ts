import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "./errors.ts";
import {
  bytes,
  formatBytes,
  formatSeconds,
  megabitsPerSecond,
  milliseconds,
  parseDuration,
  parseRate,
  transferTime,
} from "./units.ts";

test("durations are read in every unit", () => {
  const read = (text: string): number => parseDuration(text, "--compute");
  assert.deepEqual(
    [read("250us"), read("5ms"), read("1.5s"), read("2min"), read("1h"), read("7d"), read(" 5MS ")],
    [250 * 1e-6, 0.005, 1.5, 120, 3600, 604_800, 0.005],
  );
  assert.equal(read("0s"), 0);
});

test("rates are read in every unit, and a rate of 0 is refused", () => {
  const read = (text: string): number => parseRate(text, "--link");
  assert.deepEqual([read("8bit"), read("500kbit"), read("20mbit"), read("1.5gbit")], [8, 5e5, 2e7, 1.5e9]);
  assert.throws(() => read("0mbit"), /--link: expected a rate above 0, got "0mbit"/);
});

test("what is no quantity is refused with an example", () => {
  for (const text of ["", "5", "ms", "5 ms", "-5ms", "5parsec", "e3ms", "1ems", "Infinitys", "5ms5", ".5s"]) {
    assert.throws(
      () => parseDuration(text, "--compute"),
      (error) => error instanceof ConfigError && /such as 5ms/.test(error.message),
    );
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        assert.ok(Number.isFinite(parseDuration(text, "x")));
      } catch (error) {
        assert.ok(error instanceof ConfigError);
      }
    }),
  );
});

test("a transfer takes eight bit times a byte", () => {
  assert.equal(transferTime(bytes(2_500_000), megabitsPerSecond(20)), 1);
  assert.equal(transferTime(bytes(1), megabitsPerSecond(Number.POSITIVE_INFINITY)), 0);
  assert.equal(milliseconds(30), 0.03);
});

test("bytes are written in decimal multiples with two or three figures", () => {
  const expected = {
    0: "0 B",
    999: "999 B",
    1000: "1.0 kB",
    1234: "1.2 kB",
    99940: "99.9 kB",
    99960: "100 kB",
    999600: "1.0 MB",
  };
  for (const [n, text] of Object.entries(expected)) assert.equal(formatBytes(Number(n)), text);
  assert.equal(formatBytes(5e15), "5000 TB");
});

test("seconds are written for people", () => {
  const texts = [0.0004, 0.85, 12.34, 100, 245].map(formatSeconds);
  assert.deepEqual(texts, ["0 ms", "850 ms", "12.3 s", "1 min 40 s", "4 min 05 s"]);
});
