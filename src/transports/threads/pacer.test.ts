import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bitsPerSecond, bytes, megabitsPerSecond, milliseconds, type Seconds, seconds } from "../../base/units.ts";
import { FRAME_BYTES } from "../../coding/frame.ts";
import { type PeerId, peerId } from "../../ports/view.ts";
import type { Link } from "../../simulation/link.ts";
import { simulate } from "../../simulation/simulate.ts";
import { Pacer } from "./pacer.ts";

interface Sending {
  readonly at: Seconds;
  readonly from: PeerId;
  readonly to: PeerId;
  /** Of the body. */
  readonly size: number;
}

interface Arrival extends Sending {
  readonly when: Seconds;
}

const PEERS = 4;
const members = Array.from({ length: PEERS }, (_, id) => peerId(id));

const sendings: fc.Arbitrary<readonly Sending[]> = fc.array(
  fc
    .record({
      at: fc.nat(400).map((ms) => milliseconds(ms)),
      from: fc.nat(PEERS - 1).map(peerId),
      to: fc.nat(PEERS - 1).map(peerId),
      size: fc.nat(100_000),
    })
    .filter(({ from, to }) => from !== to),
  { maxLength: 30 },
);

const rates = fc.constantFrom(1e6, 7e6, 20e6, 1e9, Number.POSITIVE_INFINITY).map(bitsPerSecond);
const links: fc.Arbitrary<readonly Link[]> = fc.array(
  fc.record({ up: rates, down: rates, latency: fc.constantFrom(0, 0.5, 30).map(milliseconds) }),
  { minLength: PEERS, maxLength: PEERS },
);

/** In the order in which a run makes them: by time, then by sender. */
const inOrder = (all: readonly Sending[]): Sending[] => [...all].sort((a, b) => a.at - b.at || a.from - b.from);

/** @param steps told the time of the next event, gives the time of which the pacer is told, not before it */
function paced(all: readonly Sending[], link: readonly Link[], steps: (next: Seconds) => Seconds): Arrival[] {
  const arrivals: Arrival[] = [];
  const lastDue: Seconds[] = [];
  let now = seconds(0);
  const pacer = new Pacer<Sending>(members, (id) => link[id]!, {
    left: () => {},
    arrives: (_from, _to, sending, due) => {
      assert.ok(due >= (lastDue[sending.to] ?? 0), "a port brings frames in order");
      lastDue[sending.to] = due;
      arrivals.push({ ...sending, when: due });
    },
  });
  const passUntil = (end: number) => {
    while (pacer.next < end) {
      now = steps(pacer.next);
      pacer.advance(now);
    }
  };
  for (const sending of inOrder(all)) {
    passUntil(sending.at);
    now = seconds(Math.max(now, sending.at));
    pacer.send(now, sending.from, sending.to, bytes(FRAME_BYTES + sending.size), sending);
  }
  passUntil(Number.POSITIVE_INFINITY);
  return arrivals;
}

async function simulated(all: readonly Sending[], link: readonly Link[]): Promise<Arrival[]> {
  const ordered = inOrder(all);
  const arrivals: Arrival[] = [];
  await simulate(
    {
      view: { epoch: 0, members, workers: members },
      seed: 1,
      link: (id) => link[id]!,
      trace: (event) => {
        if (event.kind !== "deliver") return;
        arrivals.push({ ...ordered[event.tag.round]!, when: event.time });
      },
    },
    async (peer) => {
      // Waits that nobody answers are the simulator's way to let virtual time pass.
      for (const [round, { at, from, to, size }] of ordered.entries()) {
        if (from !== peer.id) continue;
        await peer.work("pause", seconds(Math.max(0, at - peer.clock.now())), () => {});
        void peer.send(to, { kind: "test", round }, new Uint8Array(size));
      }
      await peer.work("stay", seconds(1e4), () => {});
    },
  );
  return arrivals;
}

const bySending = (arrivals: readonly Arrival[]) =>
  arrivals.map((arrival) => JSON.stringify(arrival)).sort((a, b) => (a < b ? -1 : 1));

test("every frame arrives when the simulated network would bring it", async () => {
  await fc.assert(
    fc.asyncProperty(sendings, links, async (all, link) => {
      const expected = (await simulated(all, link)).map(({ when, ...sending }) => ({ ...sending, when: round(when) }));
      const got = paced(all, link, (next) => next).map(({ when, ...sending }) => ({ ...sending, when: round(when) }));
      assert.deepEqual(bySending(got), bySending(expected));
    }),
    { numRuns: 100 },
  );
});

/** To a nanosecond: the simulator adds up the pauses of a program, this test does not. */
const round = (time: number): Seconds => seconds(Math.round(time * 1e9) / 1e9);

test("telling the time late changes no arrival", () => {
  const late = (tick: number) => (next: Seconds) => seconds(Math.ceil(next / tick + 1e-9) * tick);
  fc.assert(
    fc.property(sendings, links, fc.constantFrom(0.001, 0.0137, 0.1), (all, link, tick) => {
      const atStart = all.map((sending) => ({ ...sending, at: seconds(0) }));
      const ideal = paced(atStart, link, (next) => next);
      assert.deepEqual(bySending(paced(atStart, link, late(tick))), bySending(ideal));
    }),
  );
});

test("of a frame is told when its first bit is there", () => {
  const link: Link = { up: megabitsPerSecond(8), down: megabitsPerSecond(8), latency: milliseconds(10) };
  const told: number[] = [];
  let now = seconds(0);
  const pacer = new Pacer<null>(members, () => link, {
    left: () => {},
    arrives: (_from, _to, _cargo, due) => told.push(round(now), round(due)),
  });
  for (const size of [1000, 3000]) pacer.send(now, peerId(0), peerId(1), bytes(size), null);
  while (pacer.next < Number.POSITIVE_INFINITY) {
    now = pacer.next;
    pacer.advance(now);
  }
  assert.deepEqual(told, [0.01, 0.011, 0.011, 0.014]);
});

test("two senders share the receiver's port, and one sender's frames follow each other", () => {
  const link: Link = { up: megabitsPerSecond(8), down: megabitsPerSecond(8), latency: milliseconds(10) };
  const sending = (from: number, to: number): Sending => ({
    at: seconds(0),
    from: peerId(from),
    to: peerId(to),
    size: 10_000 - FRAME_BYTES, // 10 ms through a port
  });
  const arrivals = paced([sending(1, 0), sending(2, 0), sending(2, 1)], [link, link, link, link], (next) => next);
  assert.deepEqual(
    arrivals.map(({ from, to, when }) => [from, to, round(when)]),
    [
      [1, 0, 0.02], // 10 ms of latency, 10 ms through both ports at once
      [2, 0, 0.03], // came at the same time and waited for the port of peer 0
      [2, 1, 0.03], // left 10 ms later
    ],
  );
});

test("a frame leaves its sender's queue when its last bit does", () => {
  const link: Link = { up: megabitsPerSecond(8), down: megabitsPerSecond(800), latency: milliseconds(500) };
  const left: (readonly [PeerId, number, number])[] = [];
  let now = seconds(0);
  const pacer = new Pacer<null>(members, () => link, {
    left: (from, size) => left.push([from, size, round(now)]),
    arrives: () => {},
  });
  for (const size of [1000, 3000]) pacer.send(now, peerId(0), peerId(1), bytes(size), null);
  while (pacer.next < Number.POSITIVE_INFINITY) {
    now = pacer.next;
    pacer.advance(now);
  }
  assert.deepEqual(left, [
    [0, 1000, 0.001],
    [0, 3000, 0.004],
  ]);
});
