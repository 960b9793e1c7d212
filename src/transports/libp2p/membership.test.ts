import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { peerId } from "../../ports/view.ts";
import { accuse as accusation } from "./accusations.ts";
import type { Membership } from "./membership.ts";
import { joiner, signingOf, World } from "./membership-world.contract.ts";

const idsOf = (membership: Membership): number[] => membership.view.members.map(({ id }) => id);

test("a lost member is out of the next view, and all others are in it", () => {
  const world = new World(5);
  world.kill(3);
  world.settle();
  for (const id of [0, 1, 2, 4]) assert.deepEqual([world.get(id).view.epoch, idsOf(world.get(id))], [1, [0, 1, 2, 4]]);
});

test("the next in rank leads when the leader is lost", () => {
  const world = new World(4);
  world.kill(0);
  world.settle();
  for (const id of [1, 2, 3]) assert.deepEqual(idsOf(world.get(id)), [1, 2, 3]);
  assert.ok(world.get(1).leads);
});

test("joiners come last in rank, with ids that were never given before", () => {
  const world = new World(2);
  world.get(0).join(joiner("a"));
  world.settle();
  assert.deepEqual(idsOf(world.get(1)), [0, 1, 2]);
  world.get(0).breach(peerId(2), "for the test");
  world.settle();
  world.get(0).join(joiner("b"));
  world.settle();
  assert.deepEqual(idsOf(world.get(1)), [0, 1, 3]);
});

test("a node that joins again takes the place of what it was", () => {
  const world = new World(3);
  world.get(0).join(joiner("node 2"));
  world.settle();
  assert.deepEqual(idsOf(world.get(0)), [0, 1, 3]);
  assert.ok(world.out.has(peerId(2)));
});

test("a leader that leaves has the others decide before it goes", () => {
  const world = new World(2);
  world.get(0).leave();
  world.settle();
  assert.deepEqual(idsOf(world.get(1)), [1]);
  assert.ok(world.out.has(peerId(0)));
});

test("of two that have lost each other the younger goes, once the leader has waited a little", () => {
  const world = new World(4);
  world.cut(1, 2);
  while (world.mail.length > 0) world.deliver();
  assert.equal(world.get(0).view.epoch, 0);
  world.settle();
  assert.deepEqual(idsOf(world.get(0)), [0, 1, 3]);
  assert.ok(world.out.has(peerId(2)));
});

test("a minority waits; when it meets the others again it learns that they went on", () => {
  const world = new World(5);
  for (const a of [0, 1]) for (const b of [2, 3, 4]) world.cut(a, b);
  world.settle();
  assert.deepEqual([world.get(0).waits, world.get(0).view.epoch], [true, 0]);
  assert.deepEqual(idsOf(world.get(2)), [2, 3, 4]);
  world.mend(0, 2);
  world.settle();
  assert.ok(world.out.has(peerId(0)));
});

test("half of the members go on if the oldest is among them, and the other half does not", () => {
  const world = new World(4);
  for (const a of [0, 3]) for (const b of [1, 2]) world.cut(a, b);
  world.settle();
  assert.deepEqual([idsOf(world.get(0)), world.get(1).waits, world.get(1).view.epoch], [[0, 3], true, 0]);
});

test("members that were all cut off go on together when enough of them meet again", () => {
  const world = new World(5);
  for (let a = 0; a < 5; a++) for (let b = 0; b < a; b++) world.cut(a, b);
  world.settle();
  for (let id = 0; id < 5; id++) assert.ok(world.get(id).waits);
  for (let a = 1; a < 5; a++) for (let b = 1; b < a; b++) world.mend(a, b);
  world.settle();
  for (let id = 1; id < 5; id++)
    assert.deepEqual([world.get(id).view.epoch > 0, idsOf(world.get(id))], [true, [1, 2, 3, 4]]);
});

test("a minority goes on alone where it was told to", () => {
  const world = new World(5, "continue");
  for (const lost of [0, 1, 2, 4]) world.kill(lost);
  world.settle();
  assert.deepEqual(idsOf(world.get(3)), [3]);
});

test("one view follows a view, whatever is lost, late or torn", () => {
  const index = fc.nat({ max: 6 });
  const event = fc.oneof(
    { weight: 8, arbitrary: fc.record({ type: fc.constant("deliver" as const), a: fc.nat({ max: 60 }), b: index }) },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constantFrom("cut", "mend", "tick", "join", "leave"), a: index, b: index }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("kill" as const), a: index, b: index }) },
  );
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 7 }), fc.array(event, { maxLength: 250 }), (count, events) => {
      const world = new World(count);
      for (const { type, a, b } of events) {
        if (type === "deliver") world.deliver(a % Math.max(1, world.mail.length));
        else if (a >= count || b >= count) continue;
        else if (type === "cut") world.cut(a, b);
        else if (type === "mend") world.mend(a, b);
        else if (type === "kill") world.kill(a);
        else if (type === "tick") world.members.get(peerId(a))?.tick();
        else if (type === "leave") world.members.get(peerId(a))?.leave();
        else world.members.get(peerId(a))?.join(joiner(`joiner ${b}`));
      }
      world.settle();
      for (const [epoch, views] of world.decided) assert.equal(views.size, 1, `views of epoch ${epoch}: ${[...views]}`);
      assert.deepEqual(world.blamed, []);
    }),
    { numRuns: 1000 },
  );
});

test("a member that broke a limit is barred: it is not in a view again, whoever leads", () => {
  const world = new World(5);
  world.get(0).breach(peerId(3), "noise");
  world.settle();
  assert.deepEqual(idsOf(world.get(4)), [0, 1, 2, 4]);
  assert.deepEqual(world.get(4).view.barred, [{ node: "node 3", why: "noise" }]);
  world.kill(0);
  world.settle();
  world.get(1).join(joiner("node 3"));
  world.get(1).join(joiner("node 9"));
  world.settle();
  assert.deepEqual(
    world.get(4).view.members.map(({ node }) => node),
    ["node 1", "node 2", "node 4", "node 9"],
  );
});

test("what a member says of others is believed of less than half of them, and never of whoever it tells alone", () => {
  const accuse = (world: World, id: number) => {
    const { view } = world.get(0);
    const said = accusation({ by: peerId(4), id: peerId(id), why: "" }, view, signingOf(view, peerId(4)));
    world.tell(peerId(4), peerId(0), { type: "accusation", ...said });
  };
  const alone = new World(5);
  accuse(alone, 0);
  alone.settle();
  assert.equal(alone.get(0).view.epoch, 0);
  const world = new World(5);
  for (const id of [1, 2, 3]) {
    accuse(world, id);
    world.settle();
  }
  assert.deepEqual(idsOf(world.get(0)), [0, 3, 4]);
  assert.deepEqual(
    world.get(0).view.barred.map(({ node }) => node),
    ["node 1", "node 2"],
  );
});

test("a member whose ticket was revoked goes, and nobody is let in with it", () => {
  const world = new World(4);
  for (const id of [0, 1, 3]) world.get(id).revoke(new Set(["ticket 2", "ticket of late"]));
  world.get(0).join(joiner("late"));
  world.settle();
  for (const id of [0, 1, 3]) assert.deepEqual(idsOf(world.get(id)), [0, 1, 3]);
  assert.deepEqual(world.get(0).view.barred, []);
  assert.ok(world.out.has(peerId(2)));
});

test("whoever is reached by too few to lead is not waited for, nor by those who reach it", () => {
  const world = new World(5);
  for (const id of [2, 3, 4]) world.cut(0, id);
  world.settle(8);
  for (const id of [1, 2, 3, 4]) assert.deepEqual(idsOf(world.get(id)), [1, 2, 3, 4]);
  assert.ok(world.out.has(peerId(0)));
});

test("where a minority may go on, nobody waits for the vote of one that was accused meanwhile", () => {
  const world = new World(3, "continue");
  world.get(0).join(joiner("late"));
  for (let i = world.mail.length - 1; i >= 0; i--) if (world.mail[i]!.to === 2) world.mail.splice(i, 1);
  while (world.mail.length > 0) world.deliver();
  assert.equal(world.get(0).view.epoch, 0);
  const { view } = world.get(1);
  const said = accusation({ by: peerId(1), id: peerId(2), why: "noise" }, view, signingOf(view, peerId(1)));
  world.tell(peerId(1), peerId(0), { type: "accusation", ...said });
  assert.equal(world.get(0).view.epoch, 1);
});
