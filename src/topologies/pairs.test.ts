import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseTopology } from "./registry.ts";
import { mixingRate } from "./spectrum.ts";
import { hopsOf, ranks, type Topology } from "./topology.ts";

const named = (spec: string, n: number) => parseTopology(spec, n, "test");

/** Of each peer in a round, itself where it hears nobody. */
const partners = (topology: Topology, round: number): number[] =>
  ranks(topology.n).map((i) => {
    const [edge, ...more] = topology.hears(i, round);
    assert.ok(more.length === 0 && (edge === undefined || edge.weight === 0.5));
    return edge?.peer ?? i;
  });

test("pairs are matchings: whoever hears a peer is heard by it, and at most one sits out, of an odd number", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(9), fc.boolean(), (size, seed, shifting) => {
      const n = shifting ? 2 * size : size;
      const topology = named(shifting ? "shift-one" : `random-pairs:seed=${seed}`, n);
      for (const round of ranks(topology.period + 1)) {
        const partner = partners(topology, round);
        for (const i of ranks(n)) assert.equal(partner[partner[i]!], i);
        assert.equal(partner.filter((j, i) => j === i).length, n % 2);
      }
    }),
  );
});

test("shift-one: every peer meets each of the other half once in n/2 rounds", () => {
  for (const n of [2, 6, 16]) {
    const topology = named("shift-one", n);
    assert.equal(topology.period, n / 2);
    for (const i of ranks(n)) {
      const met = ranks(n / 2).map((round) => partners(topology, round)[i]!);
      const other = ranks(n / 2).map((j) => (i < n / 2 ? j + n / 2 : j));
      assert.deepEqual(
        met.toSorted((a, b) => a - b),
        other,
      );
    }
  }
});

test("shift-one looks the same from every peer", () => {
  for (const n of [2, 4, 10, 16]) {
    const topology = named("shift-one", n);
    assert.equal(topology.transitive, true);
    assert.equal(hopsOf(topology), hopsOf({ ...topology, transitive: false }));
  }
});

test("random pairs draw a period near the mean, other ones by another seed, and the same by the same", () => {
  for (const n of [16, 33, 64]) {
    const [one, two] = [named("random-pairs", n), named("random-pairs:seed=2", n)];
    assert.ok(mixingRate(one) < 0.9, `${n}: ${mixingRate(one)}`); // a ring of 16: 0.95, of 64: 0.997
    assert.notDeepEqual(partners(one, 0), partners(two, 0));
    assert.notDeepEqual(partners(one, 0), partners(one, 1));
    assert.deepEqual(partners(two, 5), partners(named(two.name, n), 5));
  }
});

test("an odd number of peers cannot shift by one", () => {
  assert.throws(() => named("shift-one", 7), /even number of peers/);
});
