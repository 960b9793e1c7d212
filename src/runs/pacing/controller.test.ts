import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Reading, roundTime, timeAt, turned } from "./controller.ts";

const settings = Array.from({ length: 16 }, (_, i) => 0.001 * 50 ** (i / 15));
const START = 0.01;

const readings: fc.Arbitrary<Reading> = fc.record({
  before: fc.double({ min: 0, max: 1, noNaN: true }),
  perUnit: fc.double({ min: 0.01, max: 1000, noNaN: true }),
});
const positions = fc.nat(settings.length - 1);
const targets = fc.double({ min: 0.001, max: 2, noNaN: true });
/** Factors near 1, as measurements vary. */
const noise = fc.double({ min: 0.96, max: 1.04, noNaN: true });

test("the dial stays within its notches", () => {
  fc.assert(
    fc.property(positions, readings, targets, (position, reading, target) => {
      const next = turned(settings, position, reading, target);
      assert.ok(Number.isInteger(next) && next >= 0 && next < settings.length);
    }),
  );
});

test("with one reading the dial turns once at most and then rests", () => {
  fc.assert(
    fc.property(positions, readings, targets, (position, reading, target) => {
      const next = turned(settings, position, reading, target);
      assert.equal(turned(settings, next, reading, target), next);
    }),
  );
});

test("at rest a peer is done by 1.1 T, or as soon as with the smallest notch but for a tenth; one notch more would be too much", () => {
  fc.assert(
    fc.property(positions, readings, targets, (position, reading, target) => {
      const rest = turned(settings, position, reading, target);
      const soonest = Math.max(target, timeAt(reading, settings[0]!));
      assert.ok(timeAt(reading, settings[rest]!) <= 1.1 * soonest * (1 + 1e-12));
      const more = settings[rest + 1];
      if (more !== undefined) assert.ok(timeAt(reading, more) > target);
    }),
  );
});

test("down only for more than a tenth of the round, up only for more than a tenth of the setting", () => {
  fc.assert(
    fc.property(positions, readings, targets, (position, reading, target) => {
      const next = turned(settings, position, reading, target);
      const round = (notch: number) => Math.max(target, timeAt(reading, settings[notch]!));
      if (next < position) assert.ok(round(position) > 1.1 * round(next));
      if (next > position)
        assert.ok(settings[next]! > 1.1 * settings[position]! && timeAt(reading, settings[next]!) <= target);
    }),
  );
});

test("readings that vary by 4 % do not rock the dial: once it has been turned it only goes up", () => {
  fc.assert(
    fc.property(
      positions,
      readings,
      targets,
      fc.array(noise, { minLength: 2, maxLength: 40 }),
      (from, reading, target, factors) => {
        let position = from;
        let wasTurned = false;
        for (const [i, factor] of factors.entries()) {
          const seen = { before: reading.before * factor, perUnit: reading.perUnit * factor };
          const next = turned(settings, position, seen, target);
          if (wasTurned) assert.ok(next >= position, `turn ${i}: from ${position} to ${next}`);
          wasTurned ||= next !== position;
          position = next;
        }
      },
    ),
    { examples: [[13, { before: 0, perUnit: 0.03586597265579458 }, 0.001, [0.96, 1.0334022473900517, 0.96, 0.96]]] },
  );
});

test("a wire that becomes slower turns the dial down, and up again when it recovers", () => {
  const fast = { before: 0.005, perUnit: 1 };
  const slow = { before: 0.005, perUnit: 10 };
  const target = timeAt(fast, START);
  const down = turned(settings, turned(settings, 9, fast, target), slow, target);
  assert.ok(settings[down]! <= START / 10);
  assert.equal(
    turned(settings, down, fast, target),
    settings.findLastIndex((setting) => setting <= START),
  );
});

test("the round is that of a typical peer: one slow peer of eight does not move it, nor one that sends nothing", () => {
  const usual = { before: 0.005, perUnit: 1 };
  const eight = [
    ...Array.from({ length: 6 }, () => usual),
    { before: 0.005, perUnit: 10 },
    { before: 0.005, perUnit: 0 },
  ];
  assert.equal(roundTime(eight, START), timeAt(usual, START));
  assert.equal(roundTime([{ before: 1, perUnit: 0 }], START), undefined);
  assert.equal(
    roundTime(
      [
        { before: 0.25, perUnit: 0.5 },
        { before: 0.75, perUnit: 0.5 },
      ],
      START,
    ),
    0.505,
  );
});
