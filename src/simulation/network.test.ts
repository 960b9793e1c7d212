import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DeadlineError, PeerLost } from "../base/errors.ts";
import { bitsPerSecond, bytes, milliseconds, type Seconds, seconds } from "../base/units.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import type { Peer, Tag } from "../ports/peer.ts";
import { type PeerId, peerId } from "../ports/view.ts";
import { RecordingMeter, total } from "../rounds/recording-meter.ts";
import { type Link, symmetric, unlimited } from "./link.ts";
import type { Fate } from "./network.ts";
import { type SimulationOptions, simulate } from "./simulate.ts";
import type { TraceEvent } from "./trace.ts";

const at = (round: number): Tag => ({ kind: "test", round });
/** A body that makes a frame of `size` bytes. */
const framed = (size: number): Uint8Array => new Uint8Array(size - FRAME_BYTES);
/** A rate in framed bytes a second. */
const rate = (bytesPerSecond: number) => bitsPerSecond(8 * bytesPerSecond);
const close = (got: number, expected: number) =>
  assert.ok(Math.abs(got - expected) <= 1e-9 * Math.max(1, expected), `${got} is not ${expected}`);

const rates = fc.integer({ min: 1_000, max: 10_000_000 }).map(rate);
const latencies = fc.integer({ min: 0, max: 500 }).map(milliseconds);
const sizes = fc.integer({ min: FRAME_BYTES, max: 100_000 });

/** One round of a synchronous parameter server: peer 0 serves, the others compute for `cost` and exchange S bytes. */
const serverRound = (size: number, cost: Seconds) => async (peer: Peer) => {
  const [server, ...workers] = peer.view.members;
  if (peer.id === server) {
    await peer.gather(workers, at(0));
    await peer.send(workers, at(1), framed(size));
  } else {
    await peer.work("compute", cost, () => {});
    await peer.send(server!, at(0), framed(size));
    await peer.receive(server!, at(1));
  }
};

test("a synchronous parameter server takes C + 2L + nS/B_in + nS/B_out", () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      sizes,
      latencies,
      rates,
      rates,
      fc.integer({ min: 0, max: 90 }),
      async (n, size, latency, down, up, compute) => {
        const cost = milliseconds(compute);
        const link = (id: PeerId): Link => (id === 0 ? { up, down, latency } : { ...unlimited, latency });
        const { seconds: took, messages } = await simulate({ view: n + 1, seed: 1, link }, serverRound(size, cost));
        close(took, cost + 2 * latency + (8 * n * size) / down + (8 * n * size) / up);
        assert.equal(messages, 2 * n);
      },
    ),
    { numRuns: 50 },
  ));

/** Ring all-reduce of one byte a chunk (Σ mod 256), padded to frames of `size` bytes. */
const ring = (size: number) => async (peer: Peer) => {
  const { members } = peer.view;
  const n = members.length;
  const rank = members.indexOf(peer.id);
  const chunks = Array.from({ length: n }, (_, c) => (rank + 1) * (c + 1));
  const right = members[(rank + 1) % n]!;
  const left = members[(rank + n - 1) % n]!;
  for (let step = 0; step < 2 * (n - 1); step++) {
    const reducing = step < n - 1;
    const sent = (rank - step + 2 * n) % n; // after n − 1 steps peer i owns chunk i + 1, and passes it on
    const got = (sent - 1 + n) % n;
    const body = framed(size);
    body[0] = chunks[sent]!;
    await peer.send(right, at(step), body);
    const value = (await peer.receive(left, at(step)))[0]!;
    chunks[got] = reducing ? (chunks[got]! + value) % 256 : value;
  }
  return chunks;
};

test("a ring all-reduce takes 2(n − 1)(L + S/nB) and gives every peer the sum", () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 16 }),
      fc.integer({ min: FRAME_BYTES + 1, max: 10_000 }),
      latencies,
      rates,
      async (n, chunk, latency, speed) => {
        const link = symmetric(speed, latency);
        const { seconds: took, results } = await simulate({ view: n, seed: 1, link }, ring(chunk));
        close(took, 2 * (n - 1) * (latency + (8 * chunk) / speed));
        const sums = Array.from({ length: n }, (_, c) => ((c + 1) * ((n * (n + 1)) / 2)) % 256);
        assert.deepEqual(
          results,
          Array.from({ length: n }, () => sums),
        );
      },
    ),
    { numRuns: 50 },
  ));

/** When each body that peer 0 sends arrives; `links` by id. */
async function arrivals(links: readonly Link[], messages: readonly (readonly [to: number, size: number])[]) {
  const program = async (peer: Peer): Promise<number[]> => {
    const mine = messages.map(([to, size], round) => ({ to: peerId(to), size, round }));
    const times: number[] = [];
    for (const { to, size, round } of mine) {
      if (peer.id === 0) await peer.send(to, at(round), framed(size));
      if (peer.id !== to) continue;
      await peer.receive(peerId(0), at(round));
      times.push(peer.clock.now());
    }
    return times;
  };
  const options = { view: links.length, seed: 1, link: (id: PeerId) => links[id]! };
  return (await simulate(options, program)).results.slice(1);
}

test("an up port sends one message after the other, to whomever they go", async () => {
  const link = symmetric(rate(100), seconds(1));
  assert.deepEqual(
    await arrivals(
      [link, link, link],
      [
        [1, 100],
        [2, 200],
        [1, 100],
      ],
    ),
    [[2, 5], [4]],
  );
});

test("a down port that is slower than the sender sets the pace from the first bit on", async () => {
  const fast = { up: rate(1000), down: rate(1000), latency: seconds(1) };
  const slow = { up: rate(1000), down: rate(100), latency: seconds(1) };
  assert.deepEqual(
    await arrivals(
      [fast, slow],
      [
        [1, 100],
        [1, 100],
      ],
    ),
    [[2, 3]],
  );
});

test("between unlike links the latency is the mean of the two", async () => {
  const link = (latency: number): Link => ({ ...unlimited, latency: seconds(latency) });
  assert.deepEqual(await arrivals([link(1), link(2)], [[1, 100]]), [[1.5]]);
});

test("send waits until no more than the queue's limit is unsent", async () => {
  const { results } = await simulate(
    { view: 2, seed: 1, link: symmetric(rate(100), seconds(0)), queueLimit: bytes(150) },
    async (peer) => {
      const times: number[] = [];
      for (const round of [0, 1, 2]) {
        if (peer.id === 0) await peer.send(peerId(1), at(round), framed(100));
        else await peer.receive(peerId(0), at(round));
        times.push(peer.clock.now());
      }
      return times;
    },
  );
  assert.deepEqual(results, [
    [0, 0.5, 1.5],
    [1, 2, 3],
  ]);
});

test("mail of the very instant of a deadline is in time, later mail is not", async () => {
  const link = symmetric(rate(100), seconds(1));
  const program = (deadline: number) => async (peer: Peer) => {
    if (peer.id === 0) return await peer.send(peerId(1), at(0), framed(100));
    await peer.receive(peerId(0), at(0), { deadline: seconds(deadline) });
  };
  assert.equal((await simulate({ view: 2, seed: 1, link }, program(2))).seconds, 2);
  await assert.rejects(simulate({ view: 2, seed: 1, link }, program(1.99)), DeadlineError);
});

test("mail of one instant is all there before any program sees some of it", async () => {
  const { results } = await simulate({ view: 4, seed: 1 }, async (peer) => {
    const [first, ...rest] = peer.view.members;
    if (peer.id !== first) return await peer.send(first!, at(0), Uint8Array.of(1));
    await peer.receive(rest.at(-1)!, at(0));
    return [...(await peer.gather(rest.slice(0, -1), at(0), { deadline: seconds(0) })).keys()];
  });
  assert.deepEqual(results[0], [1, 2]);
});

/** Peer 0 sends three messages to peer 1, which reports texts and times. */
async function mangled(fates: readonly Fate[]) {
  const events: TraceEvent[] = [];
  const { results } = await simulate(
    {
      view: 2,
      seed: 1,
      link: symmetric(rate(100), seconds(1)),
      mangle: ({ tag }) => fates[tag.round] ?? "deliver",
      trace: (event) => events.push(event),
    },
    async (peer) => {
      const got: (readonly [number, number])[] = [];
      for (const round of [0, 1, 2]) {
        const body = framed(100).fill(round);
        if (peer.id === 0) await peer.send(peerId(1), at(round), body);
        else {
          const wait = peer.receive(peerId(0), at(round), { deadline: seconds(20) });
          const value = await wait.then(
            (found) => found[0]!,
            () => Number.NaN,
          );
          got.push([value, peer.clock.now()]);
        }
      }
      return got;
    },
  );
  return { got: results[1], kinds: events.map((event) => event.kind) };
}

test("the wire may drop, double, delay or change a message", async () => {
  assert.deepEqual((await mangled([])).got, [
    [0, 2],
    [1, 3],
    [2, 4],
  ]);
  assert.deepEqual(
    (await mangled(["drop"])).got,
    [
      [Number.NaN, 4],
      [1, 4],
      [2, 4],
    ],
    "lost once its sender has left",
  );
  assert.deepEqual((await mangled([{ delay: seconds(2.5) }])).got, [
    [0, 5],
    [1, 5],
    [2, 5],
  ]);
  assert.deepEqual((await mangled(["deliver", { body: Uint8Array.of(77) }])).got, [
    [0, 2],
    [77, 3],
    [2, 4],
  ]);
  const doubled = await mangled(["duplicate"]);
  assert.deepEqual(
    doubled.got,
    [
      [0, 2],
      [1, 4],
      [2, 5],
    ],
    "the copy takes its time in the port",
  );
  assert.equal(doubled.kinds.filter((kind) => kind === "drop").length, 1, "and is dropped as a duplicate");
});

test("a crash cuts off what has not wholly left, and the others lose the peer", async () => {
  const link = symmetric(rate(100), seconds(1));
  const codes: unknown[] = [];
  const { results, seconds: took } = await simulate(
    { view: 3, seed: 1, link, crashes: [{ peer: peerId(0), at: seconds(1.5) }] },
    async (peer) => {
      const [crashes, ...rest] = peer.view.members;
      if (peer.id === crashes) {
        await peer.send(rest, at(0), framed(100)); // to peer 1 it has left by 1 s, to peer 2 it would by 2 s
        return await peer.work("never ends", seconds(10), () => "unreachable");
      }
      const wait = peer.receive(crashes!, at(0));
      return await wait.then(
        () => "came",
        (error: unknown) => {
          codes.push(error instanceof PeerLost, peer.clock.now());
          return "lost";
        },
      );
    },
  );
  assert.deepEqual(results, ["came", "lost"]);
  assert.deepEqual(codes, [true, 2], "once the mail that was under way has arrived");
  assert.equal(took, 2);
});

test("a peer that crashes at 0 never starts", async () => {
  const started: PeerId[] = [];
  const { results } = await simulate(
    { view: 2, seed: 1, crashes: [{ peer: peerId(1), at: seconds(0) }] },
    async (peer) => {
      started.push(peer.id);
      return peer.id;
    },
  );
  assert.deepEqual([started, results], [[0], [0]]);
});

/** Every peer sends bodies of random sizes to random others, then takes what comes. */
const chatter = async (peer: Peer) => {
  const rng = peer.rng.split(`peer/${peer.id}/chatter`);
  const others = peer.view.members.filter((id) => id !== peer.id);
  let sum = 0;
  for (let round = 0; round < 4; round++) {
    const to = others.filter((id) => rng.below(100 * round + id, 3) > 0);
    try {
      await peer.send(to, at(round), new Uint8Array(rng.below(50 + round, 200)));
    } catch (error) {
      if (!(error instanceof PeerLost)) throw error;
    }
    await peer.work("think", milliseconds(rng.below(90 + round, 5)), () => {});
    const bodies = await peer.gather(others, at(round), { deadline: milliseconds(40) });
    for (const [id, body] of bodies) sum += id * body.length;
  }
  return sum;
};

/** A network that drops, doubles and delays by the seed, and two crashes. */
function stormy(seed: number, trace: (event: TraceEvent) => void): SimulationOptions {
  const fates: readonly Fate[] = ["deliver", "deliver", "drop", "duplicate", { delay: milliseconds(7) }];
  return {
    view: 6,
    seed,
    link: (id) => ({ up: rate(2000 + 500 * id), down: rate(4000 - 300 * id), latency: milliseconds(id) }),
    mangle: ({ from, to, tag }) => fates[(seed + 3 * from + 5 * to + 7 * tag.round) % fates.length]!,
    crashes: [
      { peer: peerId(2), at: milliseconds(seed % 120) },
      { peer: peerId(4), at: milliseconds(60) },
    ],
    trace,
  };
}

test("bytes sent and copied = bytes delivered, dropped and in flight, at every instant", () =>
  fc.assert(
    fc.asyncProperty(fc.nat(1000), async (seed) => {
      const sums = { send: 0, copy: 0, deliver: 0, drop: 0 };
      const meters = new Map<PeerId, RecordingMeter>();
      const trace = (event: TraceEvent) => {
        if (!("bytes" in event) || event.kind === "up" || event.kind === "down") return;
        sums[event.kind] += event.bytes;
        assert.ok(sums.send + sums.copy - sums.deliver - sums.drop >= 0, "nothing arrives that was not sent");
      };
      const meter = (id: PeerId) => {
        const made = new RecordingMeter();
        meters.set(id, made);
        return made;
      };
      await simulate({ ...stormy(seed, trace), meter }, async (peer) => {
        await chatter(peer);
        await peer.work("wait for what is still under way", seconds(100), () => {});
      });
      assert.equal(sums.send + sums.copy, sums.deliver + sums.drop, "nothing is in flight at the end");
      const sent = [...meters.values()].reduce((sum, counted) => sum + total(counted.totals().sent), 0);
      assert.equal(sent, sums.send);
    }),
    { numRuns: 40 },
  ));

test("the same options give the same events in the same order, also with native work", async () => {
  const run = async (seed: number) => {
    const events: string[] = [];
    const { results, seconds: took } = await simulate(
      stormy(seed, (event) => events.push(JSON.stringify(event))),
      async (peer) => {
        await peer.work("native", milliseconds(1), () => new Promise<void>((resolve) => setImmediate(resolve)));
        return await chatter(peer);
      },
    );
    return { events, results, took };
  };
  assert.deepEqual(await run(5), await run(5));
  assert.notDeepEqual((await run(5)).events, (await run(6)).events);
});
