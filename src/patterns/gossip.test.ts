import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { flatLayout } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import type { NamedVectors } from "../base/state.ts";
import { bitsPerSecond, seconds } from "../base/units.ts";
import type { Channel } from "../channels/channel.ts";
import { difference } from "../channels/difference.ts";
import { direct } from "../channels/direct.ts";
import { errorFeedback } from "../channels/error-feedback.ts";
import { parseCompressor } from "../compressors/registry.ts";
import type { Peer } from "../ports/peer.ts";
import { peerId, rankOf, type View } from "../ports/view.ts";
import { RecordingMeter } from "../rounds/recording-meter.ts";
import { type SimulationOptions, simulate } from "../simulation/simulate.ts";
import { readTopology } from "../topologies/registry.ts";
import { mixingRate } from "../topologies/spectrum.ts";
import { hopsOf, ranks, selfWeight } from "../topologies/topology.ts";
import { gossip } from "./gossip.ts";
import type { GossipExchange, GossipSlots } from "./gossip-slots.ts";
import { openAlone } from "./open-alone.ts";

const LENGTH = 23;
const FAST = bitsPerSecond(Number.POSITIVE_INFINITY);
const SETTINGS = { codecCost: seconds(0) };
const compressor = (spec: string) => parseCompressor(spec, "test");
const plain = direct(compressor("identity"));
const topologyOf = (spec: string) => readTopology(spec, "test");
const constant = (gamma: number) => () => gamma;

/** Ids are not ranks: nothing may confuse the two. */
function viewOf(n: number): View {
  const members = ranks(n).map((i) => peerId(100 + 3 * i));
  return { epoch: 2, members, workers: members };
}

async function run<T>(n: number, program: (peer: Peer) => Promise<T>, options: Partial<SimulationOptions> = {}) {
  const link = { up: FAST, down: FAST, latency: seconds(0) };
  return (await simulate({ view: viewOf(n), seed: 1, link, ...options }, program)).results;
}

const vectorOf = (rank: number): Float32Array =>
  Float32Array.from({ length: LENGTH }, (_, i) => Random.fromSeed(5).split(`peer/${rank}`).normal(i));

/** Rounds of pure gossip. @returns what each peer held after each round, the start first */
async function trajectory(slots: GossipSlots, n: number, rounds: number): Promise<Float32Array[][]> {
  return await run(n, async (peer) => {
    const exchange = openAlone(gossip(slots), peer, flatLayout(LENGTH), SETTINGS);
    return (await mix(exchange, vectorOf(rankOf(peer.view, peer.id)), 0, rounds)).held;
  }).then((byPeer) => ranks(rounds + 1).map((round) => byPeer.map((held) => held[round]!)));
}

async function mix(exchange: GossipExchange, start: Float32Array, from: number, to: number) {
  let x = start;
  const held = [x];
  for (let number = from; number < to; number++) {
    const out = new Float32Array(LENGTH).fill(7);
    assert.equal(await exchange.average(x, out, { number, attempt: 0 }, 0), 0);
    x = out;
    held.push(x);
  }
  return { x, held };
}

const meanOf = (vectors: readonly Float32Array[]): Float64Array =>
  Float64Array.from({ length: LENGTH }, (_, i) => vectors.reduce((sum, x) => sum + x[i]!, 0) / vectors.length);
/** √Σ‖x_i − x̄‖² */
function spread(vectors: readonly Float32Array[], mean = meanOf(vectors)): number {
  return Math.hypot(...vectors.flatMap((x) => Array.from(x, (value, i) => value - mean[i]!)));
}
const distance = (x: ArrayLike<number>, y: ArrayLike<number>) =>
  Math.hypot(...Array.from(x, (value, i) => value - y[i]!));

const STATIC = [
  "complete",
  "ring",
  "chain",
  "star",
  "hypercube",
  "exponential",
  "random-regular:3",
  "small-world:4,0.3",
];

for (const topology of [...STATIC, "one-peer-exponential"]) {
  test(`${topology}: a round is x ← W x, the mean stays, and consensus contracts by the mixing rate at least`, async () => {
    const graph = topologyOf(topology).of(8);
    const rounds = 6 * graph.period;
    const held = await trajectory({ topology: topologyOf(topology), channel: plain }, 8, rounds);
    for (const [round, x] of held.slice(0, -1).entries()) {
      for (const i of ranks(8)) {
        const expected = Float64Array.from(x[i]!, (value) => selfWeight(graph, i, round) * value);
        for (const { peer, weight } of graph.hears(i, round)) {
          for (const k of ranks(LENGTH)) expected[k]! += weight * x[peer]![k]!;
        }
        assert.ok(distance(held[round + 1]![i]!, expected) < 2e-6);
      }
    }
    assert.ok(distance(meanOf(held.at(-1)!), meanOf(held[0]!)) < 1e-5);
    assert.ok(spread(held.at(-1)!) <= mixingRate(graph) ** rounds * spread(held[0]!) + 1e-5);
  });
}

const channels: readonly [string, Channel, number][] = [
  ["direct with top-k", direct(compressor("top-k:3")), 0.3],
  ["difference with top-k", difference(compressor("top-k:5")), 0.2],
  ["error feedback with sign", errorFeedback(compressor("sign")), 0.1],
  ["difference with 4-bit qsgd", difference(compressor("qsgd:levels=7")), 0.5],
];

for (const [name, channel, gamma] of channels) {
  test(`${name}: no message changes the mean, with one sender or one for each neighbour`, async () => {
    for (const senders of ["one", "each"] as const) {
      for (const topology of ["ring", "star", "exponential"]) {
        const slots = { topology: topologyOf(topology), channel, stepSize: constant(gamma), senders };
        const held = await trajectory(slots, 6, 20);
        const drift = distance(meanOf(held.at(-1)!), meanOf(held[0]!));
        assert.ok(drift < 1e-5, `${topology}, ${senders}: ${drift}`);
      }
    }
  });
}

test("CHOCO-Gossip with the identity and γ = 1 is plain gossip, and with top-k still reaches the mean", async () => {
  const topology = topologyOf("ring");
  const exact = await trajectory({ topology, channel: difference(compressor("identity")) }, 6, 10);
  const gossiped = await trajectory({ topology, channel: plain }, 6, 10);
  for (const [round, x] of exact.entries()) {
    for (const i of ranks(6)) assert.ok(distance(x[i]!, gossiped[round]![i]!) < 1e-5);
  }
  const choco = { topology, channel: difference(compressor("top-k:5")), stepSize: constant(0.2) };
  const held = await trajectory(choco, 6, 400);
  const start = meanOf(held[0]!);
  assert.ok(spread(held.at(-1)!, start) < 1e-4 * spread(held[0]!), `${spread(held.at(-1)!, start)}`);
});

test("one sender for each neighbour lets channels with mirrors work on graphs that change, and one for all is refused", async () => {
  const slots = {
    topology: topologyOf("one-peer-exponential"),
    channel: difference(compressor("top-k:5")),
    stepSize: constant(0.3),
  };
  await assert.rejects(trajectory(slots, 8, 1), /a graph that stays/);
  const held = await trajectory({ ...slots, senders: "each" }, 8, 400);
  assert.ok(spread(held.at(-1)!, meanOf(held[0]!)) < 1e-3 * spread(held[0]!));
});

test("push-sum reaches the mean on a directed graph whose rows do not sum to 1, and masses add up to n", async () => {
  for (const seed of [1, 2, 3]) {
    const topology = topologyOf(`random-out:3,seed=${seed}`);
    const masses: number[] = [];
    const held = await run(20, async (peer) => {
      const exchange = openAlone(gossip({ topology, channel: plain }), peer, flatLayout(LENGTH), SETTINGS);
      const { x } = await mix(exchange, vectorOf(rankOf(peer.view, peer.id)), 0, 60);
      masses.push(exchange.mass);
      return x;
    });
    const start = meanOf(ranks(20).map(vectorOf));
    for (const x of held) assert.ok(distance(x, start) < 1e-5, `${distance(x, start)}`);
    assert.ok(Math.abs(masses.reduce((a, b) => a + b, 0) - 20) < 1e-4);
    assert.ok(Math.max(...masses) - Math.min(...masses) > 0.1);
  }
});

test("an exchange restored after five rounds goes on bit for bit, masses and mirrors included", async () => {
  for (const slots of [
    { topology: topologyOf("ring"), channel: difference(compressor("top-k:4")), stepSize: constant(0.3) },
    { topology: topologyOf("random-out"), channel: errorFeedback(compressor("top-k:4")), stepSize: constant(0.3) },
    { topology: topologyOf("one-peer-exponential"), channel: difference(compressor("sign")), senders: "each" as const },
  ]) {
    const pattern = gossip(slots);
    const open = (peer: Peer) => openAlone(pattern, peer, flatLayout(LENGTH), SETTINGS);
    const whole = await trajectory(slots, 6, 9);
    const half = await run(6, async (peer): Promise<[Float32Array, NamedVectors]> => {
      const exchange = open(peer);
      const { x } = await mix(exchange, vectorOf(rankOf(peer.view, peer.id)), 0, 5);
      return [x, exchange.save()];
    });
    const rest = await run(6, async (peer) => {
      const exchange = open(peer);
      const [x, saved] = half[rankOf(peer.view, peer.id)]!;
      exchange.restore(saved);
      return (await mix(exchange, x, 5, 9)).x;
    });
    assert.deepEqual(rest, whole.at(-1));
  }
});

/** Peers gossip until a note stops them, over wires of different lengths. */
async function stopped(topology: string, n: number, told: ReadonlyMap<string, number>) {
  const link = (id: number) => ({ up: FAST, down: FAST, latency: seconds(0.001 * (1 + (id % 7))) });
  return await run(
    n,
    async (peer) => {
      const exchange = openAlone(
        gossip({ topology: topologyOf(topology), channel: plain }),
        peer,
        flatLayout(LENGTH),
        SETTINGS,
      );
      const rank = rankOf(peer.view, peer.id);
      let x = vectorOf(rank);
      for (let number = 0; number < 100; number++) {
        const out = new Float32Array(LENGTH).fill(7);
        const note = await exchange.average(x, out, { number, attempt: 0 }, told.get(`${rank}/${number}`) ?? 0);
        if (note !== 0) {
          assert.ok(out.every((value) => value === 7));
          return { note, number, x };
        }
        x = out;
      }
      return { note: 0, number: 100, x };
    },
    { link },
  );
}

test("a note stops all peers before the same round, as many rounds later as there are hops, with the state of that round", async () => {
  for (const topology of [...STATIC, "one-peer-exponential", "random-out:2"]) {
    const hops = hopsOf(topologyOf(topology).of(8));
    for (const teller of [0, 5]) {
      const ends = await stopped(topology, 8, new Map([[`${teller}/3`, 2]]));
      for (const { note, number } of ends) assert.deepEqual({ note, number }, { note: 2, number: 3 + hops });
      const held = await trajectory({ topology: topologyOf(topology), channel: plain }, 8, 3 + hops);
      assert.deepEqual(
        ends.map(({ x }) => x),
        held.at(-1),
      );
    }
  }
});

test("of several notes the one that stops first wins, and of those the loudest, at every peer", async () => {
  const rounds = fc.integer({ min: 0, max: 12 });
  const told = fc.array(fc.tuple(fc.nat(6), rounds, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(told, fc.constantFrom("ring", "star", "one-peer-exponential"), async (notes, topology) => {
      const hops = hopsOf(topologyOf(topology).of(7));
      const ends = await stopped(
        topology,
        7,
        new Map(notes.map(([rank, number, note]) => [`${rank}/${number}`, note])),
      );
      const first = Math.min(...notes.map(([, number]) => number));
      const last = new Map(notes.map(([rank, number, note]) => [`${rank}/${number}`, note]));
      const loudest = Math.max(...[...last].filter(([at]) => at.endsWith(`/${first}`)).map(([, note]) => note));
      for (const { note, number } of ends) assert.deepEqual({ note, number }, { note: loudest, number: first + hops });
    }),
    { numRuns: 25 },
  );
});

test("after a note that ended nothing the gossip goes on", async () => {
  const results = await run(3, async (peer) => {
    const exchange = openAlone(
      gossip({ topology: topologyOf("ring"), channel: plain }),
      peer,
      flatLayout(LENGTH),
      SETTINGS,
    );
    const x = vectorOf(rankOf(peer.view, peer.id));
    const out = new Float32Array(LENGTH);
    const heard: number[] = [];
    for (const [number, note] of [
      [0, 0],
      [1, 1],
      [2, 0],
      [3, 0],
    ] as const) {
      heard.push(await exchange.average(x, out, { number, attempt: 0 }, peer.id === peer.view.members[0] ? note : 0));
    }
    return heard;
  });
  for (const heard of results) assert.deepEqual(heard, [0, 0, 1, 0]);
});

test("a peer alone averages with nobody, and a note stops it at once", async () => {
  for (const topology of ["ring", "complete", "one-peer-exponential"]) {
    const held = await trajectory({ topology: topologyOf(topology), channel: plain }, 1, 2);
    assert.deepEqual(held.at(-1), held[0]);
    const [end] = await stopped(topology, 1, new Map([["0/3", 1]]));
    assert.equal(end!.number, 3);
  }
});

test("the bytes of an uncompressed round are those that the pattern predicts", async () => {
  for (const topology of ["ring", "star", "one-peer-exponential", "random-out:2"]) {
    const pattern = gossip({ topology: topologyOf(topology), channel: plain });
    const meters = new Map(viewOf(8).members.map((id) => [id, new RecordingMeter()]));
    await run(
      8,
      async (peer) => {
        const exchange = openAlone(pattern, peer, flatLayout(LENGTH), SETTINGS);
        await mix(exchange, vectorOf(0), 0, 3);
      },
      { meter: (id) => meters.get(id)! },
    );
    const sent = [...meters.values()].flatMap((meter) => [...meter.totals().sent.values()]).reduce((a, b) => a + b, 0);
    assert.equal(sent, 3 * pattern.uncompressedBytes(viewOf(8), LENGTH));
  }
});

test("a slow wire holds up nobody but those who hear it", async () => {
  const at = new Map<number, number>();
  const link = (id: number) => ({ up: FAST, down: FAST, latency: seconds(id === 100 ? 1 : 0) });
  await run(
    8,
    async (peer) => {
      const exchange = openAlone(
        gossip({ topology: topologyOf("chain"), channel: plain }),
        peer,
        flatLayout(LENGTH),
        SETTINGS,
      );
      await mix(exchange, vectorOf(0), 0, 2);
      at.set(rankOf(peer.view, peer.id), peer.clock.now());
    },
    { link },
  );
  assert.ok(at.get(1)! >= 1 && at.get(7)! < 0.5, `${[...at]}`);
});

test("a damaged note or mass is refused", async () => {
  for (const [topology, damage] of [
    ["ring", [9, 0, 0, 0, 1]],
    ["random-out", [0, 0, 0, 0, 0]],
    ["random-out", [0, 0, 0xc0, 0x7f, 0]],
  ] as const) {
    const mangle: SimulationOptions["mangle"] = ({ body }) => {
      const changed = Uint8Array.from(body);
      changed.set(damage, changed.length - damage.length);
      return { body: changed };
    };
    const start = async (peer: Peer) => {
      const exchange = openAlone(
        gossip({ topology: topologyOf(topology), channel: plain }),
        peer,
        flatLayout(LENGTH),
        SETTINGS,
      );
      await mix(exchange, vectorOf(0), 0, 1);
    };
    await assert.rejects(run(4, start, { mangle }), { code: "corrupt" });
  }
});

test("a server without data has no place in a gossip", () => {
  const members = ranks(4).map(peerId);
  const view: View = { epoch: 0, members, workers: members.slice(1) };
  assert.throws(() => gossip({ topology: topologyOf("ring"), channel: plain }).graph(view), /no server/);
});
