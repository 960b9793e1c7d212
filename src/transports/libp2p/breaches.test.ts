import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { peerId } from "../../ports/view.ts";
import { Breaches } from "./breaches.ts";
import type { SwarmView } from "./swarm-view.ts";

/** @param nodes by id */
const viewOf = (nodes: Readonly<Record<number, string>>, nextId = Object.keys(nodes).length): SwarmView => ({
  swarm: "test",
  epoch: 0,
  nextId,
  members: Object.entries(nodes).map(([id, node]) => ({
    ...{ id: peerId(Number(id)), node, role: "train", addresses: [], ticket: "" },
  })),
  barred: [],
});

const FIVE = { 0: "a", 1: "b", 2: "c", 3: "d", 4: "e" };
const atFault = (breaches: Breaches): number[] => [...breaches.reasons.keys()];

test("an accuser that comes back under another id is bound by what it said before", () => {
  const breaches = new Breaches(peerId(0));
  const first = viewOf(FIVE);
  for (const id of [1, 2]) breaches.hear(peerId(4), peerId(id), "noise", first);
  assert.deepEqual(atFault(breaches), [1, 2]);
  const later = viewOf({ 0: "a", 3: "d", 5: "e", 6: "f", 7: "g" }, 8);
  breaches.settle(later);
  breaches.hear(peerId(5), peerId(3), "noise", later);
  assert.deepEqual(atFault(breaches), []);
});

test("a member that is at fault stays so under another id", () => {
  const breaches = new Breaches(peerId(4));
  breaches.note(peerId(1), "noise", viewOf(FIVE));
  breaches.hear(peerId(0), peerId(2), "noise", viewOf(FIVE));
  const later = viewOf({ 0: "a", 3: "d", 4: "e", 5: "b", 6: "c" }, 7);
  breaches.settle(later);
  assert.deepEqual([atFault(breaches), breaches.seen(later)], [[5, 6], [[5, "noise"]]]);
});

test("what an accuser alone said is withdrawn when it goes too far, and it is not at fault for that", () => {
  const breaches = new Breaches(peerId(3));
  const view = viewOf(FIVE);
  for (const id of [1, 2]) breaches.hear(peerId(4), peerId(id), "noise", view);
  breaches.hear(peerId(0), peerId(2), "noise", view);
  breaches.hear(peerId(4), peerId(3), "noise", view);
  assert.deepEqual([...breaches.reasons], [[peerId(2), "noise, as peer 0 says"]]);
});

test("an honest member is believed of as many as come and go in its time", () => {
  const breaches = new Breaches(peerId(1));
  for (let id = 3; id < 40; id++) {
    const view = viewOf({ 0: "a", 1: "b", 2: "c", [id]: `comer ${id}` }, id + 1);
    breaches.settle(view);
    breaches.hear(peerId(0), peerId(id), "noise", view);
    assert.deepEqual(atFault(breaches), [id]);
  }
});

test("one member has less than half of the others dropped, in whatever order it accuses them, at once or one by one", () =>
  fc.assert(
    fc.property(
      fc
        .integer({ min: 2, max: 12 })
        .chain((count) => fc.tuple(fc.constant(count), fc.array(fc.nat({ max: count - 1 })))),
      fc.infiniteStream(fc.boolean()),
      ([count, accused], decides) => {
        const breaches = new Breaches(peerId(count)); // of one that joined later
        const nodes: Record<number, string> = Object.fromEntries(
          Array.from({ length: count }, (_, i) => [i, `node ${i}`]),
        );
        for (const id of accused) {
          breaches.hear(peerId(0), peerId(id), "", viewOf(nodes, count));
          if (!decides.next().value) continue;
          for (const gone of breaches.reasons.keys()) delete nodes[gone];
          breaches.settle(viewOf(nodes, count));
        }
        assert.ok(2 * (count - Object.keys(nodes).length) < count);
      },
    ),
  ));
