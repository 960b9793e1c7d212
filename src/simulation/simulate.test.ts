import assert from "node:assert/strict";
import { test } from "node:test";
import { Aborted, ConfigError, DataError, ThinwireError } from "../base/errors.ts";
import { bytes, megabitsPerSecond, milliseconds, seconds } from "../base/units.ts";
import type { Peer, Tag } from "../ports/peer.ts";
import { type PeerId, peerId } from "../ports/view.ts";
import { DeadlockError } from "./deadlock.ts";
import { symmetric } from "./link.ts";
import { type SimulationOptions, simulate } from "./simulate.ts";

const at = (round: number): Tag => ({ kind: "test", round });
const laterTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
const codeOf = (error: unknown) => (error instanceof ThinwireError ? error.code : String(error));

test("results come in rank order, with the virtual time at which the last program returned", async () => {
  const members = [5, 2, 9].map(peerId);
  const view = { epoch: 3, members, workers: members.slice(1) };
  const outcome = await simulate({ view, seed: 1 }, async (peer) => {
    await peer.work("compute", seconds(peer.id), () => {});
    return [peer.id, peer.clock.now(), peer.view === view];
  });
  assert.deepEqual(outcome, {
    results: members.map((id) => [id, id, true]),
    seconds: 9,
    messages: 0,
    retransmissions: 0,
  });
});

test("work is charged its cost, its measured time, or nothing", async () => {
  let real = 0;
  const { results } = await simulate({ view: 1, seed: 1, realTime: () => seconds(real) }, async (peer) => {
    const times: number[] = [];
    for (const cost of [seconds(3), undefined, seconds(0)]) {
      await peer.work("compute", cost, () => {
        real += 0.25;
      });
      times.push(peer.clock.now());
    }
    return { times, spent: peer.meter.totals().spent.get("compute") };
  });
  assert.deepEqual(results, [{ times: [3, 3.25, 3.25], spent: 0.75 }]);
});

test("native work stops the clock, runs one piece at a time, and is metered by itself", async () => {
  let real = 0;
  let running = 0;
  const { results, seconds: took } = await simulate(
    { view: 4, seed: 1, realTime: () => seconds(real) },
    async (peer) => {
      if (peer.id === 0) {
        const wait = peer.gather(peer.view.members.slice(1), at(0), { deadline: seconds(5) });
        return (await wait).size;
      }
      await peer.work("native", seconds(5), async () => {
        running += 1;
        assert.equal(running, 1);
        for (let turn = 0; turn < 3; turn++) await laterTurn();
        real += 1;
        running -= 1;
      });
      await peer.send(peerId(0), at(0), new Uint8Array(1));
      return peer.meter.totals().spent.get("native");
    },
  );
  assert.deepEqual(results, [3, 1, 1, 1]);
  assert.equal(took, 5);
});

test("time waits for programs that pass many promises on, and for calls made side by side", async () => {
  const deep = async (levels: number, peer: Peer): Promise<number> =>
    levels > 0 ? await deep(levels - 1, peer) : (await peer.receive(peerId(1), at(0))).length;
  const link = symmetric(megabitsPerSecond(1), milliseconds(1));
  const { results } = await simulate({ view: 2, seed: 1, link }, async (peer) => {
    if (peer.id === 1) return await peer.send(peerId(0), at(0), new Uint8Array(3));
    const start = deep(200, peer);
    const [length, , arrived] = await Promise.all([
      start,
      peer.work("beside", seconds(2), () => {}),
      start.then(() => peer.clock.now()),
    ]);
    return [length, arrived, peer.clock.now()];
  });
  assert.deepEqual(results[0], [3, 0.001 + (27 * 8) / 1e6, 2]);
});

test("a deadlock says who waits for what", async () => {
  const program = async (peer: Peer) => {
    if (peer.id === 0)
      await Promise.all([peer.receive(peerId(1), { ...at(4), part: 2 }), peer.gather([peerId(2)], at(5))]);
    if (peer.id === 1) await peer.receiveAny([peerId(0), peerId(2)], at(6));
    if (peer.id === 2) await peer.nextView();
  };
  await assert.rejects(simulate({ view: 3, seed: 1 }, program), (error: unknown) => {
    assert.ok(error instanceof DeadlockError);
    assert.deepEqual(
      error.parked.map(({ peer, waits }) => [peer, waits.map(({ call, tag, missing }) => [call, tag.round, missing])]),
      [
        [
          0,
          [
            ["receive", 4, [1]],
            ["gather", 5, [2]],
          ],
        ],
        [1, [["receiveAny", 6, [0, 2]]]],
        [2, []],
      ],
    );
    assert.match(error.message, /peer 0 waits for receive of test, round 4, attempt 0, part 2, from peer 1 and gather/);
    assert.match(error.message, /peer 2 awaits a view/);
    return true;
  });
});

test("the first error of a program ends the others and is thrown as it is; in one instant the lowest id is first", async () => {
  const cause = new Error("the disk is gone");
  const errors = [1, 2, 3].map((id) => new DataError(`program ${id}`, { expected: "data", cause }));
  const ends: string[] = [];
  const program = async (peer: Peer) => {
    try {
      if (peer.id === 0) await peer.receive(peerId(3), at(0));
      await peer.work("compute", seconds(peer.id === 3 ? 2 : 1), () => {});
    } catch (error) {
      ends.push(`${peer.id}: ${codeOf(error)}`);
      throw error;
    }
    throw errors[peer.id - 1];
  };
  // Mail from far ranks resumes peers in another order than that of their ids.
  await assert.rejects(
    simulate({ view: { epoch: 0, members: [3, 2, 1, 0].map(peerId), workers: [] }, seed: 1 }, program),
    (error) => {
      assert.equal(error, errors[0]);
      assert.equal((error as Error).cause, cause);
      return true;
    },
  );
  assert.deepEqual(ends.sort(), ["0: aborted", "3: aborted"]);
});

test("an abort rejects every call, under way or made later, and the run", async () => {
  const abort = new AbortController();
  const codes: string[] = [];
  const program = async (peer: Peer) => {
    const other = peerId(1 - peer.id);
    const calls = [
      peer.receive(other, at(0)),
      peer.receiveAny([other], at(0), { deadline: seconds(1e9) }),
      peer.gather([other], at(0)),
      peer.nextView(),
      peer.work("slow", seconds(1e9), () => {}),
      peer.send(other, at(1), new Uint8Array(10_000)),
    ];
    const ended = Promise.allSettled(calls);
    if (peer.id === 0) {
      await peer.work("wait", seconds(1), () => {});
      abort.abort("enough");
    }
    for (const outcome of await ended) codes.push(outcome.status === "rejected" ? codeOf(outcome.reason) : "done");
    const later = [
      peer.send(other, at(2), new Uint8Array(1)),
      peer.work("later", seconds(0), () => {}),
      peer.receive(other, at(3)),
    ];
    for (const outcome of await Promise.allSettled(later)) {
      codes.push(outcome.status === "rejected" ? codeOf(outcome.reason) : "done");
    }
    assert.ok(peer.signal.aborted);
  };
  const options: SimulationOptions = {
    view: 2,
    seed: 1,
    link: symmetric(megabitsPerSecond(0.000001), seconds(0)),
    queueLimit: bytes(10),
    signal: abort.signal,
  };
  await assert.rejects(simulate(options, program), (error) => error instanceof Aborted && error.cause === "enough");
  assert.deepEqual(
    codes,
    Array.from({ length: 18 }, () => "aborted"),
  );
});

test("real time passes for the rest of the process, which sees how far the run is", async () => {
  let real = 0;
  let turns = 0;
  const seen: number[] = [];
  const ticking = setImmediate(function tick() {
    turns += 1;
    setImmediate(tick).unref();
  });
  await simulate(
    { view: 1, seed: 1, realTime: () => seconds(real++ / 1000), onTime: (now) => seen.push(now) },
    async (peer) => {
      for (let step = 0; step < 200; step++) await peer.work("step", seconds(1), () => {});
    },
  );
  clearImmediate(ticking);
  assert.ok(seen.length >= 10 && turns >= 10);
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
});

test("options that cannot be run are named", async () => {
  const ids = [peerId(0), peerId(1)];
  const wrong: readonly [Partial<SimulationOptions>, RegExp][] = [
    [{ view: 0 }, /simulation\.view/],
    [{ view: { epoch: 0, members: [ids[0]!, ids[0]!], workers: [] } }, /simulation\.view\.members/],
    [{ view: { epoch: 0, members: ids, workers: [peerId(7)] } }, /simulation\.view\.workers.*peer 7/],
    [{ link: symmetric(megabitsPerSecond(0), seconds(0)) }, /link of peer 0: up/],
    [{ link: symmetric(megabitsPerSecond(1), seconds(-1)) }, /link of peer 0: latency/],
    [{ crashes: [{ peer: peerId(9), at: seconds(1) }] }, /simulation\.crashes.*peer 9/],
    [{ crashes: [{ peer: peerId(0), at: seconds(-1) }] }, /simulation\.crashes.*-1/],
  ];
  for (const [options, message] of wrong) {
    await assert.rejects(
      simulate({ view: 2, seed: 1, ...options }, async () => {}),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, message);
        return true;
      },
    );
  }
  const calls: readonly [(peer: Peer) => Promise<unknown>, string][] = [
    [(peer) => peer.send(peer.id, at(0), new Uint8Array(0)), "config"],
    [(peer) => peer.send(peerId(77), at(0), new Uint8Array(0)), "peer-lost"],
    [(peer) => peer.work("compute", seconds(-1), () => {}), "config"],
  ];
  for (const [program, code] of calls) {
    await assert.rejects(simulate({ view: 2, seed: 1 }, program), (error) => codeOf(error) === code);
  }
});

test("a thousand peers exchange a kilobyte with a server in each of ten rounds", async () => {
  const link = symmetric(megabitsPerSecond(20), milliseconds(30));
  const body = new Uint8Array(1000);
  const sent = new Map<PeerId, number>();
  const { messages } = await simulate({ view: 1000, seed: 1, link }, async (peer) => {
    const [server, ...workers] = peer.view.members;
    for (let round = 0; round < 10; round++) {
      if (peer.id === server) {
        assert.equal((await peer.gather(workers, at(2 * round))).size, 999);
        await peer.send(workers, at(2 * round + 1), body);
      } else {
        await peer.send(server!, at(2 * round), body);
        await peer.receive(server!, at(2 * round + 1));
      }
    }
    sent.set(
      peer.id,
      [...peer.meter.totals().sent.values()].reduce((sum, bytes) => sum + bytes, 0),
    );
  });
  assert.equal(messages, 2 * 999 * 10);
  assert.equal(sent.get(peerId(0)), 999 * 10 * 1024);
  assert.equal(sent.get(peerId(999)), 10 * 1024);
});
