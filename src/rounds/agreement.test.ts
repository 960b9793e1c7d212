import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError, PeerLost, ThinwireError } from "../base/errors.ts";
import { seconds } from "../base/units.ts";
import type { Peer } from "../ports/peer.ts";
import { peerId } from "../ports/view.ts";
import { simulate } from "../simulation/simulate.ts";
import { type Agreement, acknowledge, agree, type Bounds, type Standing } from "./agreement.ts";

const standing = (round: number, more: Partial<Standing> = {}): Standing => ({
  veteran: true,
  round,
  attempt: 0,
  exchanges: round,
  ...more,
});

/** Anything goes. */
const ANY: Bounds = { rounds: 2 ** 32, exchanges: 2 ** 32 };

const agreed = async (standings: readonly Standing[]): Promise<readonly Agreement[]> =>
  (await simulate({ view: standings.length, seed: 1 }, (peer) => agree(peer, standings[peer.id]!, ANY))).results;

const standings = fc.array(
  fc.record({
    veteran: fc.boolean(),
    round: fc.nat(50),
    attempt: fc.nat(255),
    exchanges: fc.nat(500),
  }),
  { minLength: 1, maxLength: 7 },
);

test("all members agree on one plan: the last round that any veteran has, and an attempt after all before", () =>
  fc.assert(
    fc.asyncProperty(standings, async (all) => {
      const [first, ...others] = await agreed(all);
      for (const other of others) assert.deepEqual(other, first);
      const veterans = all.filter(({ veteran }) => veteran);
      const known = veterans.length > 0 ? veterans : all;
      const { round, attempt, exchanges, source, joined, behind } = first!;
      assert.equal(round, Math.max(...known.map((one) => one.round)));
      assert.equal(attempt, Math.min(255, 1 + Math.max(...known.map((one) => one.attempt))));
      assert.equal(exchanges, Math.max(...known.map((one) => one.exchanges)));
      const has = (id: number) => all[id]!.round === round && (all[id]!.veteran || veterans.length === 0);
      assert.equal(
        source,
        all.findIndex((_, id) => has(id)),
      );
      assert.deepEqual(
        [...behind],
        all.flatMap((_, id) => (has(id) ? [] : [id])),
      );
      assert.deepEqual(
        [...joined],
        all.flatMap(({ veteran }, id) => (veteran || veterans.length === 0 ? [] : [id])),
      );
    }),
    { numRuns: 60 },
  ));

test("a member that has just come does not outvote those who trained, whatever it says", async () => {
  const [plan] = await agreed([standing(9, { veteran: false }), standing(3), standing(2)]);
  assert.equal(plan!.round, 3);
  assert.equal(plan!.source, 1);
  assert.deepEqual([[...plan!.joined], [...plan!.behind]], [[0], [0, 2]]);
});

test("whoever agrees with a member that is lost is told, and nothing is agreed", async () => {
  const crashes = [{ peer: peerId(2), at: seconds(0) }];
  const { results } = await simulate({ view: 3, seed: 1, crashes }, async (peer) => {
    await assert.rejects(agree(peer, standing(1), ANY), PeerLost);
    return peer.view.epoch;
  });
  assert.deepEqual(results, [0, 0]);
});

test("a plan that is not true of the member that hears it is refused: no round that it has is taken back", async () => {
  const plan = (round: number, stands: number) => Uint8Array.of(1, 0, round, 0, 0, 0, 0, 0, 0, 0, 0, stands);
  const hears = async (round: number, stands: number): Promise<unknown> => {
    const program = async (peer: Peer) => {
      if (peer.id === 1) return agree(peer, standing(5), ANY).catch((error: unknown) => error);
      return peer.send(peerId(1), { kind: "view", round: 0, part: 1 }, plan(round, stands));
    };
    return (await simulate({ view: 2, seed: 1 }, program)).results[1];
  };
  const [current, behind, joined] = [0, 1, 2];
  for (const [round, stands] of [
    [4, current],
    [4, behind],
    [5, behind],
    [6, current],
    [5, joined],
    [5, 7],
  ] as const) {
    assert.ok((await hears(round, stands)) instanceof CorruptError, `round ${round}, standing ${stands}`);
  }
  for (const [round, stands] of [
    [5, current],
    [6, behind],
  ] as const) {
    assert.equal(((await hears(round, stands)) as Agreement).round, round);
  }
});

test("who claims more rounds or exchanges than anybody can have done is refused, by rank 0 and by those who hear its plan", async () => {
  const claims = async (claim: Standing, liar: number): Promise<unknown> => {
    const bounds = { rounds: 6, exchanges: 9 };
    const says = (id: number) => (id === liar ? claim : standing(5));
    const bound = (id: number) => (id === liar ? ANY : bounds);
    const program = (peer: Peer) => agree(peer, says(peer.id), bound(peer.id)).catch((error: unknown) => error);
    return (await simulate({ view: 2, seed: 1 }, program)).results[1 - liar];
  };
  for (const liar of [0, 1]) {
    assert.equal(((await claims(standing(6, { exchanges: 9 }), liar)) as Agreement).round, 6);
    assert.ok((await claims(standing(7), liar)) instanceof CorruptError, `rounds, by peer ${liar}`);
    assert.ok(
      (await claims(standing(5, { exchanges: 10 }), liar)) instanceof CorruptError,
      `exchanges, by peer ${liar}`,
    );
  }
});

test("rank 0 goes on once all have acknowledged, and not if one of them is lost before", async () => {
  const program = async (peer: Peer) => {
    await peer.work("late", seconds(peer.id), () => {});
    await acknowledge(peer);
    return peer.clock.now();
  };
  assert.deepEqual((await simulate({ view: 3, seed: 1 }, program)).results, [2, 1, 2]);
  const crashes = [{ peer: peerId(2), at: seconds(1) }];
  await assert.rejects(simulate({ view: 3, seed: 1, crashes }, program), PeerLost);
});

test("a message of an agreement that is no such message is refused with a typed error", () =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 24 }), fc.boolean(), async (bytes, fromRankZero) => {
      const liar = fromRankZero ? 0 : 1;
      const tag = { kind: "view" as const, round: 0, part: fromRankZero ? 1 : 0 };
      const program = async (peer: Peer) => {
        if (peer.id === liar) {
          await peer.send(peerId(1 - liar), tag, bytes);
          return undefined;
        }
        return agree(peer, standing(1), ANY).catch((error: unknown) => error);
      };
      const { results } = await simulate({ view: 2, seed: 1 }, program);
      const came = results[1 - liar];
      if (came instanceof Error) assert.ok(came instanceof ThinwireError, String(came));
      else assert.equal(bytes.length, fromRankZero ? 12 : 10);
      if (bytes.length < 10) assert.ok(came instanceof CorruptError, String(came));
    }),
    { numRuns: 100 },
  ));
