import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PeerLost } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { megabitsPerSecond, milliseconds, seconds } from "../base/units.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import type { Peer, Tag } from "../ports/peer.ts";
import { type PeerId, peerId, type View } from "../ports/view.ts";
import { RecordingMeter, total } from "../rounds/recording-meter.ts";
import { conditionsOf } from "./conditions.ts";
import type { Faults } from "./faults.ts";
import { symmetric } from "./link.ts";
import { type SimulationOptions, type SimulationResult, simulate } from "./simulate.ts";
import type { TraceEvent } from "./trace.ts";

const at = (round: number): Tag => ({ kind: "test", round });
const close = (got: number, expected: number) =>
  assert.ok(Math.abs(got - expected) <= 1e-9 * Math.max(1, expected), `${got} is not ${expected}`);
const viewOf = (peers: number): View => {
  const members = Array.from({ length: peers }, (_, id) => peerId(id));
  return { epoch: 0, members, workers: members };
};

/** Links of 8 Mbit/s, a million bytes a second, and 10 ms. */
function under<T>(
  faults: Faults,
  peers: number,
  program: (peer: Peer) => Promise<T>,
  options: Partial<SimulationOptions> = {},
): Promise<SimulationResult<T>> {
  const { seed = 1 } = options;
  const view = viewOf(peers);
  const link = symmetric(megabitsPerSecond(8), milliseconds(10));
  const conditions = conditionsOf(faults, { view, link, rng: Random.fromSeed(seed) });
  return simulate({ ...conditions, view, seed, ...options }, program);
}

/** Peer 0 sends `count` frames of 1000 bytes to peer 1, which tells when each was there. */
const stream = (count: number) => async (peer: Peer) => {
  const times: number[] = [];
  for (let round = 0; round < count; round++) {
    if (peer.id === 0) await peer.send(peerId(1), at(round), new Uint8Array(1000 - FRAME_BYTES).fill(round));
    else if (peer.id === 1) {
      const body = await peer.receive(peerId(0), at(round));
      assert.ok(body.every((byte) => byte === round % 256));
      times.push(peer.clock.now());
    }
  }
  return times;
};

test("groups have links of their own, and latencies between them", async () => {
  const groups = { slow: { peers: "1", link: "4mbit/30ms" }, far: { peers: "2" }, near: { peers: "0" } };
  const faults = { groups, latency: { "near/far": "200ms" } };
  const program = async (peer: Peer) => {
    if (peer.id === 0) return await peer.send([peerId(1), peerId(2)], at(0), new Uint8Array(1000 - FRAME_BYTES));
    await peer.receive(peerId(0), at(0));
    return peer.clock.now();
  };
  const { results } = await under(faults, 3, program);
  close(results[1]!, 0.02 + 0.002); // the mean of 10 and 30 ms, then at its slower rate
  close(results[2]!, 0.001 + 0.2 + 0.001);
});

test("jitter has the law it says, and draws of one peer do not move those of another", async () => {
  const { results } = await under({ jitter: "shifted-exponential:0.5" }, 2, async (peer) => {
    const trips: number[] = [];
    for (let round = 0; round < 3000; round++) {
      if (peer.id === 0) await peer.send(peerId(1), at(round), new Uint8Array(0));
      else {
        await peer.receive(peerId(0), at(round));
        trips.push(peer.clock.now() - round - FRAME_BYTES / 1e6);
      }
      await peer.work("until the next second", seconds(round + 1 - peer.clock.now()), () => {});
    }
    return trips;
  });
  const trips = results[1]!;
  assert.ok(Math.min(...trips) >= 0.01 - 1e-9);
  const mean = trips.reduce((sum, trip) => sum + trip, 0) / trips.length;
  assert.ok(Math.abs(mean - 0.015) < (4 * 0.005) / Math.sqrt(trips.length), `${mean}`);
});

test("with loss p everything arrives, sent 1/(1 − p) times on average, and every attempt is in the ledger", async () => {
  const count = 4000;
  for (const faults of [{ loss: 0.2 }, { corrupt: 0.2 }]) {
    const meter = new RecordingMeter();
    const { results, retransmissions, messages } = await under(faults, 2, stream(count), {
      meter: (id) => (id === 0 ? meter : new RecordingMeter()),
    });
    assert.equal(results[1]!.length, count);
    assert.equal(messages, count);
    assert.equal(total(meter.totals().sent), 1000 * (count + retransmissions));
    const attempts = 1 + retransmissions / count;
    assert.ok(Math.abs(attempts - 1.25) < (4 * Math.sqrt(0.2) * 1.25) / Math.sqrt(count), `${attempts} attempts`);
  }
});

test("a message is sent again for the k-th time RTO · 2^(k − 1) after its last bit left, RTO = max(200 ms, two round trips)", async () => {
  for (const [latency, timeout] of [
    [0.01, 0.2],
    [0.1, 0.4],
  ] as const) {
    const link = symmetric(megabitsPerSecond(8), seconds(latency));
    const fate = ({ serial }: { serial: number }) => (serial < 3 ? "lose" : "deliver");
    const { results } = await simulate({ view: 2, seed: 1, link, mangle: fate }, stream(1));
    close(results[1]![0]!, 4 * 0.001 + (1 + 2 + 4) * timeout + latency);
  }
});

test("without retransmission what is lost never comes", async () => {
  const program = async (peer: Peer) => {
    if (peer.id === 0)
      for (let round = 0; round < 200; round++) await peer.send(peerId(1), at(round), new Uint8Array(1));
    else {
      await peer.work("wait", seconds(10), () => {});
      const came = [];
      for (let round = 0; round < 200; round++) {
        const got = await peer.gather([peerId(0)], at(round), { deadline: seconds(0) });
        if (got.size > 0) came.push(round);
      }
      return came.length;
    }
  };
  const { results, retransmissions } = await under({ loss: 0.25, corrupt: 0.25, retransmit: false }, 2, program);
  assert.equal(retransmissions, 0);
  assert.ok(results[1]! > 60 && results[1]! < 140, `${results[1]} came`);
});

test("doubled and late mail is received once, under its own tag", async () => {
  const faults = { duplicate: 0.3, reorder: "0.3:50ms" };
  const arrivals: number[] = [];
  const trace = (event: TraceEvent) => {
    if (event.kind === "deliver") arrivals.push(event.tag.round);
  };
  const { results } = await under(faults, 2, stream(300), { trace });
  assert.equal(results[1]!.length, 300);
  assert.equal(new Set(arrivals).size, 300);
  assert.equal(arrivals.length, 300, "the second of two is dropped");
  assert.ok(
    arrivals.some((round, i) => i > 0 && round < arrivals[i - 1]!),
    "some overtake others",
  );
});

test("stragglers, groups and laws make work longer; the slowest sets the pace of a synchronous step", async () => {
  const step = async (peer: Peer) => {
    for (let n = 0; n < 100; n++) await peer.work("gradient", milliseconds(10), () => {});
    return peer.clock.now();
  };
  const slow = await under({ stragglers: "0.25:5x", groups: { old: { peers: "0-7", slowdown: 2 } } }, 16, step);
  const sorted = slow.results.map((time) => Math.round(time)).sort((a, b) => a - b);
  assert.equal(sorted.filter((time) => time >= 5).length, 4, "a quarter of 16");
  assert.equal(
    slow.results.slice(0, 8).every((time) => time > 1.9),
    true,
  );
  const random = await under({ compute: "exponential" }, 16, step);
  assert.ok(
    random.results.every((time) => Math.abs(time - 1) < 4 * 0.1),
    "100 steps of mean 10 ms",
  );
  assert.equal(new Set(random.results).size, 16);
});

test("a partition holds mail back and loses none", async () => {
  const faults = {
    groups: { island: { peers: "1" } },
    partitions: [{ cut: ["island"], at: "0.5s", for: "10s" }],
  };
  const { results } = await under(faults, 2, async (peer) => {
    const times: number[] = [];
    for (let round = 0; round < 20; round++) {
      await peer.work("pause", milliseconds(100), () => {});
      if (peer.id === 0) await peer.send(peerId(1), at(round), new Uint8Array(100));
      else await peer.receive(peerId(0), at(round));
      times.push(peer.clock.now());
    }
    return times;
  });
  const [before, after] = [results[1]!.filter((time) => time < 0.5), results[1]!.filter((time) => time >= 0.5)];
  assert.equal(before.length, 4);
  assert.ok(after.every((time) => time >= 10.5) && after.length === 16);
});

test("a peer that crashes and comes back is in a view of its own epoch, last in rank, with its program anew", async () => {
  const starts: string[] = [];
  const faults = { crashes: [{ peer: 1, at: "1s", for: "3s" }], detection: "0.5s" };
  const { results } = await under(faults, 3, async (peer) => {
    starts.push(`${peer.id} at ${peer.clock.now()} in epoch ${peer.view.epoch}`);
    const views: (readonly [number, number, readonly PeerId[]])[] = [];
    if (peer.id !== 1) {
      for (let n = 0; n < 2; n++) {
        const view = await peer.nextView();
        assert.equal(view, peer.view);
        views.push([peer.clock.now(), view.epoch, view.members]);
      }
      await peer.send(peerId(1), at(0), Uint8Array.of(peer.id));
    } else if (peer.view.epoch === 0) {
      await peer.work("is cut short", seconds(2), () => {});
      assert.fail("unreachable");
    } else {
      assert.deepEqual([...(await peer.gather([peerId(0), peerId(2)], at(0))).keys()], [0, 2]);
    }
    return views;
  });
  const seen = [
    [1.5, 1, [0, 2]],
    [4, 2, [0, 2, 1]],
  ];
  assert.deepEqual(results, [seen, [], seen]);
  assert.deepEqual(starts.slice(3), ["1 at 4 in epoch 2"]);
});

test("who stays in an old view never reaches a peer that came back, and is not kept waiting for it", async () => {
  const { results } = await under({ crashes: [{ peer: 1, at: "1s", for: "1s" }] }, 2, async (peer) => {
    if (peer.id === 1) return await peer.work("serve", seconds(100), () => "back");
    await peer.work("sleep", seconds(5), () => {});
    const lost = (error: unknown) => error instanceof PeerLost;
    await assert.rejects(peer.receive(peerId(1), at(0)), lost);
    await assert.rejects(peer.send(peerId(1), at(0), new Uint8Array(1)), lost);
    assert.deepEqual((await peer.nextView()).members, [0, 1]);
    await assert.rejects(peer.receive(peerId(1), at(0), { deadline: seconds(1) }), /deadline|within/);
    return "entered";
  });
  assert.deepEqual(results, ["entered", "back"]);
});

test("a peer that leaves gracefully is known to be gone once its mail has arrived", async () => {
  const churn = (id: PeerId) => (id === 1 ? [{ at: milliseconds(1), graceful: true }] : []);
  const { results } = await under(
    {},
    2,
    async (peer) => {
      if (peer.id === 1) {
        await peer.send(peerId(0), at(0), new Uint8Array(5000));
        return await peer.work("never ends", seconds(100), () => 0);
      }
      const { length } = await peer.receive(peerId(1), at(0));
      assert.deepEqual((await peer.nextView()).members, [0]);
      return length;
    },
    { churn },
  );
  assert.deepEqual(results, [5000]);
});

test("churn keeps D_on/(D_on + D_off) of the peers there, by either law", async () => {
  for (const law of ["exponential", "weibull:0.6"]) {
    const faults = { churn: { online: "30s", offline: "10s", law, graceful: 0.3 } };
    const there: number[] = [];
    await under(faults, 201, async (peer) => {
      if (peer.id !== 0) return await peer.work("stay", seconds(1e9), () => {});
      await peer.work("settle", seconds(200), () => {});
      for (let n = 0; n < 40; n++) {
        await peer.work("look", seconds(50), () => {});
        there.push((await peer.nextView()).members.length - 1);
      }
      throw new PeerLost("enough", { expected: "the end" });
    }).catch((error) => assert.ok(error instanceof PeerLost));
    const mean = there.reduce((sum, n) => sum + n, 0) / there.length / 200;
    assert.ok(Math.abs(mean - 0.75) < 0.02, `${law}: ${mean}`);
  }
});

test("programs that wait for ever are told so, however many peers come and go", async () => {
  const faults = { churn: { online: "10s", offline: "10s" } };
  const program = async (peer: Peer) => {
    if (peer.id === 0) await peer.gather([peerId(0)], at(0)).catch(() => {});
    else await new Promise(() => {});
  };
  await assert.rejects(under(faults, 4, program), /programs wait/);
});

const storm: fc.Arbitrary<Faults> = fc
  .record(
    {
      jitter: fc.constantFrom("lognormal:0.5", "pareto:2"),
      loss: fc.double({ min: 0, max: 0.3, noNaN: true }),
      corrupt: fc.double({ min: 0, max: 0.2, noNaN: true }),
      duplicate: fc.double({ min: 0, max: 0.2, noNaN: true }),
      reorder: fc.constant("0.2:30ms"),
      compute: fc.constantFrom("exponential", "lognormal:1"),
      stragglers: fc.constant("0.3:4x"),
      partitions: fc.constant([{ cut: ["some"], at: "50ms", for: "2s" }]),
      crashes: fc.constant([{ peer: 2, at: "40ms", for: "1s" }]),
      churn: fc.constant({ online: "300ms", offline: "100ms", graceful: 0.5 }),
    },
    { requiredKeys: [] },
  )
  .map((faults) => ({ ...faults, groups: { some: { peers: "1,3" } } }));

/** All exchange with all who are there, for a few rounds. */
const chatter = async (peer: Peer) => {
  let heard = 0;
  for (let round = 0; round < 5; round++) {
    const others = peer.view.members.filter((id) => id !== peer.id);
    for (const id of others) {
      await peer.send(id, at(round), new Uint8Array(200)).catch((error) => assert.ok(error instanceof PeerLost));
    }
    await peer.work("think", milliseconds(20), () => {});
    heard += (await peer.gather(others, at(round), { deadline: milliseconds(300) })).size;
  }
  return heard;
};

test("in any storm the same seed gives the same events, and bytes sent = bytes delivered, dropped and in flight", () =>
  fc.assert(
    fc.asyncProperty(storm, fc.nat(1000), async (faults, seed) => {
      const run = async () => {
        const events: string[] = [];
        let inFlight = 0;
        const trace = (event: TraceEvent) => {
          events.push(JSON.stringify(event));
          if (event.kind === "send" || event.kind === "copy") inFlight += event.bytes;
          if (event.kind === "deliver" || event.kind === "drop") inFlight -= event.bytes;
          assert.ok(inFlight >= 0, "nothing arrives that was not sent");
        };
        const outcome = await under(faults, 5, chatter, { seed, trace });
        return { ...outcome, events, inFlight };
      };
      const first = await run();
      assert.deepEqual(await run(), first);
      const untraced = await under(faults, 5, chatter, { seed });
      assert.deepEqual(
        [untraced.results, untraced.seconds],
        [first.results, first.seconds],
        "who looks on changes nothing",
      );
    }),
    { numRuns: 30 },
  ));
