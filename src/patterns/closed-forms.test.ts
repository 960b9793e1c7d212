/**
 * The time of a round of every pattern on shaped wires, for many members: α seconds a message, β seconds a byte of each port,
 * S bytes of a vector. Frames and notes count too, for slices get short where members are many.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mean } from "../aggregators/mean.ts";
import { type Layout, layoutOf } from "../base/layout.ts";
import { bitsPerSecond, seconds } from "../base/units.ts";
import { direct } from "../channels/direct.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import { parseCompressor } from "../compressors/registry.ts";
import type { Link } from "../simulation/link.ts";
import { readTopology } from "../topologies/registry.ts";
import { degrees } from "../topologies/topology.ts";
import { adasumAllReduce } from "./adasum-all-reduce.ts";
import { allGather } from "./all-gather.ts";
import { measure } from "./all-reduce.contract.ts";
import { allReduce } from "./all-reduce.ts";
import { buckets } from "./buckets.ts";
import { compressedAllReduce } from "./compressed-all-reduce.ts";
import { gossip } from "./gossip.ts";
import { hierarchical } from "./hierarchical.ts";
import { NOTE_BYTES } from "./notes.ts";
import { parameterServer } from "./parameter-server.ts";
import type { Pattern } from "./pattern.ts";
import { powerSgd } from "./powersgd.ts";

/** Of a message that tells a note. */
const HEAD = FRAME_BYTES + NOTE_BYTES;

interface Wires {
  readonly alpha: number;
  readonly beta: number;
}

/** Seconds of a round of n members with S bytes each. */
type ClosedForm = (n: number, S: number, wires: Wires) => number;

const linkOf = ({ alpha, beta }: Wires): Link => {
  const rate = bitsPerSecond(8 / beta);
  return { up: rate, down: rate, latency: seconds(alpha) };
};

/** A consumer's wire, where bytes weigh most, and a far one, where messages do. */
const WIRES: readonly Wires[] = [
  { alpha: 0.01, beta: 8 / 10e6 },
  { alpha: 0.2, beta: 8 / 1e9 },
];

/** 10 Mbit/s and 10 ms: what a member sends to one port, or n of them do, takes about as long as it travels. */
const [NEAR] = WIRES as [Wires, ...Wires[]];

async function check(pattern: Pattern, form: ClosedForm, n: number, length: number, wires: readonly Wires[]) {
  for (const wire of wires) {
    const { took } = await measure(pattern, { n, length, link: linkOf(wire) });
    const expected = form(n, 4 * length, wire);
    const what = `${pattern.name}, ${n} members, ${length} entries, ${wire.alpha} s and ${wire.beta} s a byte`;
    assert.ok(Math.abs(took / expected - 1) < 0.01, `${what}: ${took} s, not ${expected} s`);
  }
}

const identity = direct(parseCompressor("identity", "test"));
const both = { up: identity, down: identity, aggregate: mean };

const ring: ClosedForm = (n, S, { alpha, beta }) => 2 * (n - 1) * (alpha + (S / n + FRAME_BYTES) * beta);
/** Each of two stages is one latency and n − 1 slices through a port. */
const butterfly: ClosedForm = (n, S, { alpha, beta }) => 2 * (alpha + (n - 1) * (S / n + HEAD) * beta);
/** log₂ n levels of halves, and the same back. */
const halving: ClosedForm = (n, S, { alpha, beta }) =>
  2 * (Math.log2(n) * (alpha + HEAD * beta) + (1 - 1 / n) * S * beta);
const tree: ClosedForm = (n, S, { alpha, beta }) => 2 * Math.log2(n) * (alpha + (S + HEAD) * beta);
const server: ClosedForm = (n, S, { alpha, beta }) => 2 * (alpha + (n - 1) * (S + HEAD) * beta);
const gathered: ClosedForm = (n, S, { alpha, beta }) => alpha + (n - 1) * (S + HEAD) * beta;
/** The halving, and at level k the sums of three f64 among 2^k members, k levels of messages. */
const adasum: ClosedForm = (n, S, wires) => {
  const levels = Math.log2(n);
  return halving(n, S, wires) + ((levels * (levels + 1)) / 2) * (wires.alpha + (24 + FRAME_BYTES) * wires.beta);
};
const GROUP = 4;
/** Into the port of a leader, among leaders, and out of it. */
const inGroups: ClosedForm = (n, S, wires) => server(GROUP, S, wires) + ring(n / GROUP, S, wires);
const BUCKETS = 8;
/** All go up through the port of the server while the first ones come down: one bucket of the way down is left. */
const inBuckets: ClosedForm = (n, S, { alpha, beta }) =>
  2 * alpha + (BUCKETS + 1) * (n - 1) * (S / BUCKETS + HEAD) * beta;

const entriesAMember = 16;
const forms: readonly (readonly [Pattern, ClosedForm, length?: number])[] = [
  [allReduce({ by: "ring" }), ring],
  [allReduce({ by: "butterfly" }), butterfly],
  [allReduce({ by: "halving" }), halving],
  [allReduce({ by: "tree" }), tree],
  [parameterServer(both), server],
  [allGather({ channel: identity, aggregate: mean }), gathered, 200],
  [compressedAllReduce(both), butterfly],
  [adasumAllReduce(), adasum],
  [hierarchical(allReduce({ by: "ring" }), { groupSize: GROUP }), inGroups],
];

for (const [pattern, form, length] of forms) {
  test(`${pattern.name}: a round of 64 and of 256 members takes the time of its closed form`, async () => {
    await check(pattern, form, 64, length ?? 64 * entriesAMember, WIRES);
    await check(pattern, form, 256, length ?? 256 * entriesAMember, [NEAR]);
  });
}

test("a round of a server with a thousand members takes the time of its closed form", async () => {
  await check(parameterServer(both), server, 1000, 1000, [NEAR]);
});

test("a round in buckets on a server of 64 members takes the time of its closed form", async () => {
  const length = 64 * entriesAMember;
  await check(buckets(parameterServer(both), { bytes: (4 * length) / BUCKETS }), inBuckets, 64, length, WIRES);
});

/** As if all vectors were laid out like this. */
const laidOut = (pattern: Pattern, layout: Layout): Pattern => ({
  ...pattern,
  open: (peer, _, ...rest) => pattern.open(peer, layout, ...rest),
});

test("a round of PowerSGD takes the time of two all-reduces, of P and of Q", async () => {
  const rank = 2;
  const layout = layoutOf([["weight", [512, 256]]]);
  const pattern = laidOut(powerSgd(allReduce({ by: "butterfly" }), { rank }), layout);
  const twice: ClosedForm = (n, _, wires) => butterfly(n, 4 * 512 * rank, wires) + butterfly(n, 4 * 256 * rank, wires);
  await check(pattern, twice, 64, layout.length, WIRES);
});

/** α + k (S + head) β: k messages through a port one after the other. */
const neighbours =
  (k: number): ClosedForm =>
  (_, S, { alpha, beta }) =>
    alpha + k * (S + HEAD) * beta;
const gossipOn = (topology: string) => gossip({ topology: readTopology(topology, "test"), channel: identity });
const degreeOf = (topology: string, n: number) => degrees(readTopology(topology, "test").of(n)).most;

for (const topology of [
  "one-peer-exponential",
  "shift-one",
  "random-pairs",
  "chain",
  "star",
  "ring",
  "exponential",
  "complete",
]) {
  test(`gossip, ${topology}: a round takes a latency and the messages of the busiest port`, async () => {
    const sizes = ["shift-one", "random-pairs", "complete"].includes(topology) ? [64, 256] : [64, 256, 1000];
    for (const n of sizes) {
      await check(gossipOn(topology), neighbours(degreeOf(topology, n)), n, 1000, n === 64 ? WIRES : [NEAR]);
    }
  });
}

for (const topology of ["torus", "hypercube", "random-regular"]) {
  test(`gossip, ${topology}: a round takes at least the messages of a port, and no longer than if all came at the end`, async () => {
    for (const n of topology === "hypercube" ? [64, 256] : [64, 1000]) {
      const k = degreeOf(topology, n);
      const { took } = await measure(gossipOn(topology), { n, length: 1000, link: linkOf(NEAR) });
      const [least, most] = [k, 2 * k - 1].map((messages) => neighbours(messages)(n, 4000, NEAR));
      assert.ok(took > 0.99 * least! && took < 1.01 * most!, `${n} peers: ${took} s, not ${least} to ${most} s`);
    }
  });
}
