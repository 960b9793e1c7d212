import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { peerId } from "../../ports/view.ts";
import { mayFollow, nextView } from "./next-view.ts";
import { IDS_MAX } from "./swarm-limits.ts";
import type { SwarmMember, SwarmView } from "./swarm-view.ts";

const NODES = 12;
const of = (node: number) => ({
  node: `node ${node}`,
  role: "train" as const,
  addresses: [`address ${node}`],
  ticket: "",
});

const view: fc.Arbitrary<SwarmView> = fc
  .record({ count: fc.integer({ min: 1, max: 6 }), gone: fc.integer({ min: 1, max: 3 }), epoch: fc.nat({ max: 9 }) })
  .map(({ count, gone, epoch }) => ({
    swarm: "test",
    epoch,
    nextId: count + gone,
    members: Array.from({ length: count }, (_, i) => ({ ...of(i), id: peerId(i + gone) })),
    barred: Array.from({ length: gone }, (_, i) => ({ node: `gone ${i}`, why: "noise" })),
  }));

const changes = fc.record({
  stays: fc.array(fc.constantFrom("stays", "goes", "barred"), { minLength: 6, maxLength: 6 }),
  joiners: fc.uniqueArray(fc.nat({ max: NODES })),
});

const change = (before: SwarmView, { stays, joiners }: { stays: readonly string[]; joiners: readonly number[] }) => {
  const what = (one: SwarmMember) => stays[before.members.indexOf(one)];
  return nextView(before, {
    stays: (one) => what(one) === "stays",
    barred: before.members.flatMap((one) => (what(one) === "barred" ? [{ node: one.node, why: "lies" }] : [])),
    joiners: joiners.map(of),
  });
};

/** Each makes of a view one that no member proposes, where it changes it at all. */
const WRONGS: Readonly<Record<string, (next: SwarmView, before: SwarmView) => SwarmView>> = {
  "another swarm": (next) => ({ ...next, swarm: "other" }),
  "another epoch": (next) => ({ ...next, epoch: next.epoch + 1 }),
  "ids that nobody has": (next) => ({ ...next, nextId: next.nextId + 1 }),
  "another order": (next) => ({ ...next, members: next.members.toReversed() }),
  "another address of a member": (next) => ({
    ...next,
    members: next.members.map((one) => ({ ...one, addresses: [...one.addresses, "elsewhere"] })),
  }),
  "another node under an old id": (next, { nextId }) => ({
    ...next,
    members: next.members.map((one) => (one.id < nextId ? { ...one, node: `${one.node}!` } : one)),
  }),
  "a node twice": (next) => ({
    ...next,
    nextId: next.nextId + 1,
    members: next.members.flatMap((one, i) => (i === 0 ? [one, { ...one, id: peerId(next.nextId) }] : [one])),
  }),
  "somebody barred who was no member": (next) => ({ ...next, barred: [...next.barred, { node: "who?", why: "" }] }),
  "a member barred that stays": (next) => ({
    ...next,
    barred: [...next.barred, ...next.members.slice(0, 1).map(({ node }) => ({ node, why: "" }))],
  }),
  "somebody barred no more": (next) => ({ ...next, barred: next.barred.slice(1) }),
  "another reason": (next) => ({ ...next, barred: next.barred.map(({ node }) => ({ node, why: "other" })) }),
};

/** Joiners may be anybody at all. */
const hasOld = (before: SwarmView, next: SwarmView) => next.members.some(({ id }) => id < before.nextId);

test("what some changes lead to may follow", () => {
  fc.assert(fc.property(view, changes, (before, what) => assert.ok(mayFollow(before, change(before, what)))));
});

for (const [what, wrong] of Object.entries(WRONGS)) {
  test(`a view with ${what} may not follow`, () => {
    fc.assert(
      fc.property(view, changes, (before, changed) => {
        const next = change(before, changed);
        const other = wrong(next, before);
        fc.pre(hasOld(before, next) && JSON.stringify(other) !== JSON.stringify(next));
        assert.ok(!mayFollow(before, other));
      }),
    );
  });
}

test("nobody joins once all ids are given out, and nobody has another's", () => {
  const before = { swarm: "test", epoch: 4, nextId: IDS_MAX - 1, members: [{ ...of(0), id: peerId(7) }], barred: [] };
  const next = nextView(before, { stays: () => true, barred: [], joiners: [of(1), of(2)] });
  assert.deepEqual([next.members.map(({ id }) => id), next.nextId], [[7, IDS_MAX - 1], IDS_MAX]);
});
