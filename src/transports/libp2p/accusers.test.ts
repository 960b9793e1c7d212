/** Members that lie about others, and members that others have seen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type PeerId, peerId } from "../../ports/view.ts";
import { accuse } from "./accusations.ts";
import type { ControlMessage } from "./control-messages.ts";
import { barredIn, certificate, idsIn, signingOf, viewOf, World } from "./membership-world.contract.ts";
import { nextView } from "./next-view.ts";
import type { SwarmView } from "./swarm-view.ts";

const accusation = (world: World, by: number, id: number, signs = by): ControlMessage => {
  const { view } = world.get(by);
  const said = accuse({ by: peerId(by), id: peerId(id), why: "noise" }, view, signingOf(view, peerId(signs)));
  return { type: "accusation", ...said };
};

/** To all others. */
const accuses = (world: World, by: number, id: number): void => {
  for (const { id: to } of world.get(by).view.members) {
    if (to !== by) world.mail.push({ from: peerId(by), to, message: accusation(world, by, id) });
  }
};

test("a leader cannot have members barred that it alone accuses, once they are half of all, be they there or not", () => {
  for (const [gone, isBelieved] of [
    [[3, 4], true],
    [[2, 3, 4], false],
  ] as const) {
    for (const areThere of [true, false]) {
      const world = new World(6);
      const before = viewOf(6);
      if (!areThere) for (const id of gone) world.cut(1, id);
      const barred = gone.map((id) => ({ node: `node ${id}`, why: "noise" }));
      const stays = ({ id }: { readonly id: PeerId }) => !(gone as readonly number[]).includes(id);
      const view = nextView(before, { stays, barred, joiners: [] });
      for (let tick = 0; tick < 4; tick++) {
        world.tell(peerId(0), peerId(1), { type: "accept", epoch: 1, ballot: 0, view });
        world.get(1).tick();
      }
      const votes = world.mail.some(({ from, message }) => from === 1 && message.type === "accepted");
      assert.equal(votes, isBelieved, `${gone}, ${areThere ? "there" : "gone"}`);
    }
  }
});

test("a leader that has to propose a view without itself is believed", () => {
  const world = new World(4);
  const barred = [{ node: "node 0", why: "as others had voted before" }];
  const view = nextView(viewOf(4), { stays: ({ id }) => id !== 0, barred, joiners: [] });
  world.tell(peerId(0), peerId(3), { type: "accept", epoch: 1, ballot: 0, view });
  assert.deepEqual(
    world.mail.map(({ message }) => message.type),
    ["accepted"],
  );
});

test("a leader answers for whom it had barred by the votes of others, too", () => {
  const before = viewOf(7);
  const bar = (view: SwarmView, ...gone: readonly number[]) =>
    nextView(view, {
      stays: ({ id }) => !gone.includes(id),
      barred: gone.map((id) => ({ node: `node ${id}`, why: "noise" })),
      joiners: [],
    });
  for (const [first, second, isBelieved] of [
    [[5, 6], [3], true],
    [[3, 5, 6], [2], false],
  ] as const) {
    const world = new World(7);
    const view = bar(before, ...first);
    world.tell(peerId(0), peerId(4), { type: "commit", view, certificate: certificate(before, view, [0, 1, 2, 3]) });
    for (let tick = 0; tick < 4; tick++) {
      world.tell(peerId(0), peerId(4), { type: "accept", epoch: 2, ballot: 0, view: bar(view, ...second) });
      world.get(4).tick();
    }
    const votes = world.mail.some(({ from, message }) => from === 4 && message.type === "accepted");
    assert.equal(votes, isBelieved, `${first}, then ${second}`);
  }
});

test("whoever accuses in another's name, or with other words than it said, or said in another swarm, is dropped", () => {
  const elsewhere = { ...viewOf(4), swarm: "earlier" };
  const said = accuse({ by: peerId(1), id: peerId(2), why: "noise" }, elsewhere, signingOf(elsewhere, peerId(1)));
  const honest = accuse({ by: peerId(1), id: peerId(0), why: "noise" }, viewOf(4), signingOf(viewOf(4), peerId(1)));
  for (const lie of [
    accusation(new World(4), 1, 2, 3),
    { type: "accusation" as const, ...said },
    { type: "accusation" as const, ...honest, id: peerId(2) },
    { type: "accusation" as const, ...honest, why: "worse" },
    { type: "accusation" as const, ...honest, by: peerId(2) },
  ]) {
    const world = new World(4);
    world.tell(peerId(3), peerId(0), lie);
    world.settle();
    assert.deepEqual([idsIn(world, 1), barredIn(world, 1)], [[0, 1, 2], ["node 3"]]);
  }
});

test("an accusation is passed on, so that one link that is down keeps it from nobody", () => {
  const world = new World(5);
  world.cut(2, 3);
  while (world.mail.length > 0) world.deliver();
  world.tell(peerId(2), peerId(0), accusation(world, 2, 4));
  while (world.mail.length > 0) world.deliver();
  assert.deepEqual([idsIn(world, 3), barredIn(world, 3)], [[0, 1, 2, 3], ["node 4"]]);
});

/** What the members do when one has seen noise of another: it tells all and breaks the link, and the other hears that. */
function sees(world: World, witness: number, culprit: number): void {
  world.get(witness).breach(peerId(culprit), "noise");
  world.cut(witness, culprit);
}

const mix = (world: World, dice: Iterator<number>): void => {
  while (world.mail.length > 0) world.deliver(dice.next().value % world.mail.length);
};

test("a member that sends noise to one other goes, whatever its rank, and its accuser stays", () => {
  const one = fc.integer({ min: 3, max: 7 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      culprit: fc.nat({ max: count - 1 }),
      witness: fc.nat({ max: count - 1 }),
    }),
  );
  fc.assert(
    fc.property(one, fc.infiniteStream(fc.nat({ max: 1000 })), ({ count, culprit, witness }, dice) => {
      fc.pre(culprit !== witness);
      const world = new World(count);
      sees(world, witness, culprit);
      mix(world, dice);
      world.settle();
      const others = viewOf(count)
        .members.map(({ id }) => id as number)
        .filter((id) => id !== culprit);
      for (const id of others) assert.deepEqual([idsIn(world, id), barredIn(world, id)], [others, [`node ${culprit}`]]);
    }),
  );
});

test("of two that accuse each other one goes, and nobody else, in whatever order the others hear it", () => {
  const two = fc.integer({ min: 3, max: 7 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      pair: fc.uniqueArray(fc.nat({ max: count - 1 }), { minLength: 2, maxLength: 2 }),
    }),
  );
  fc.assert(
    fc.property(two, fc.infiniteStream(fc.nat({ max: 1000 })), ({ count, pair: [one, other] }, dice) => {
      const world = new World(count);
      world.get(one!).breach(peerId(other!), "noise");
      sees(world, other!, one!);
      mix(world, dice);
      world.settle(8);
      const [gone] = [one!, other!].filter((id) => world.out.has(peerId(id)) || world.get(id).view.epoch === 0);
      const stays = viewOf(count)
        .members.map(({ id }) => id as number)
        .filter((id) => id !== gone);
      for (const id of stays) assert.deepEqual(idsIn(world, id), stays);
    }),
  );
});

test("a leader that proposes a view without its accuser, before anybody has heard that one, is dropped itself", () => {
  const world = new World(5);
  world.get(0).linkDown(peerId(2), "to be rid of it");
  world.get(2).breach(peerId(0), "noise");
  assert.equal(world.mail[0]!.message.type, "accept");
  world.settle();
  for (const id of [1, 2, 3, 4]) assert.deepEqual([idsIn(world, id), barredIn(world, id)], [[1, 2, 3, 4], ["node 0"]]);
});

test("of two members the older goes on without the younger, and the younger does not go on", () => {
  for (const [witness, culprit] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const world = new World(2);
    sees(world, witness, culprit);
    world.settle();
    assert.deepEqual([idsIn(world, 0), world.get(1).view.epoch, world.get(1).waits], [[0], 0, true]);
  }
});

test("whoever accuses whom, in whatever order it is heard: those that are left agree, and all of them reach each other", () => {
  const some = fc.integer({ min: 5, max: 7 }).chain((count) => {
    const id = fc.nat({ max: count - 1 });
    const pairs = fc.array(fc.tuple(id, id, fc.boolean()), { maxLength: 2 }); // so that each reaches a majority
    return fc.record({ count: fc.constant(count), pairs });
  });
  fc.assert(
    fc.property(some, fc.infiniteStream(fc.nat({ max: 1000 })), ({ count, pairs }, dice) => {
      const world = new World(count);
      for (const [witness, culprit, settles] of pairs) {
        if (witness === culprit || [witness, culprit].some((id) => world.out.has(peerId(id)))) continue;
        sees(world, witness, culprit);
        if (settles) mix(world, dice);
      }
      mix(world, dice);
      world.settle(30);
      const left = [...world.members].filter(([id, { waits }]) => !world.out.has(id) && !waits);
      for (const [id, { view }] of left) {
        assert.deepEqual(view, left[0]![1].view);
        for (const { id: other } of view.members) assert.ok(!world.isCut(id, other), `${id} does not reach ${other}`);
      }
      for (const [epoch, views] of world.decided) assert.equal(views.size, 1, `views of epoch ${epoch}`);
      assert.deepEqual(world.blamed, []);
    }),
    { numRuns: 300 },
  );
});

test("one that lies about the others has less than half of them barred, in its whole life, whatever its rank", () => {
  const life = fc.integer({ min: 4, max: 8 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      liar: fc.nat({ max: count - 1 }),
      lies: fc.array(fc.record({ about: fc.nat({ max: count + 3 }), joins: fc.boolean() }), { maxLength: 12 }),
    }),
  );
  fc.assert(
    fc.property(life, fc.infiniteStream(fc.nat({ max: 1000 })), ({ count, liar, lies }, dice) => {
      const world = new World(count);
      for (const { about, joins } of lies) {
        const { view } = world.get(liar);
        if (world.out.has(peerId(liar))) break;
        if (view.members.some(({ id }) => id === about && about !== liar)) accuses(world, liar, about);
        if (joins && about !== liar) world.get(0).leave(); // others come and go beside it
        mix(world, dice);
        world.settle(2);
      }
      const barred = new Set([...world.members.values()].flatMap(({ view }) => view.barred.map(({ node }) => node)));
      barred.delete(`node ${liar}`);
      assert.ok(2 * barred.size < count, `barred: ${[...barred]}`);
      for (const [epoch, views] of world.decided) assert.equal(views.size, 1, `views of epoch ${epoch}`);
    }),
  );
});

test("whoever is sure of the faults of half of the members goes itself then, the leader too", () => {
  for (const accuser of [0, 1]) {
    const world = new World(5);
    for (const id of [2, 3, 4]) {
      sees(world, accuser, id);
      world.settle(8);
    }
    const stays = [0, 1, 4].filter((id) => id !== accuser);
    for (const id of stays) assert.deepEqual([idsIn(world, id), barredIn(world, id)], [stays, ["node 2", "node 3"]]);
  }
});

test("a member that says to have lost the others has less than half of them sent away for its sake, and then goes", () => {
  const world = new World(7);
  const gone: PeerId[] = [];
  for (const id of [6, 5, 4, 3].map(peerId)) {
    world.cut(1, id);
    world.settle();
    gone.push(...[...world.out].filter((out) => !gone.includes(out)));
  }
  assert.deepEqual(gone, [6, 5, 4, 1].map(peerId).slice(0, gone.length));
  assert.ok(gone.includes(peerId(1)) && !gone.includes(peerId(3)));
  assert.deepEqual(barredIn(world, 0), []);
});

test("a member that accuses itself is dropped by whoever hears it, and nobody passes that on", () => {
  const world = new World(5);
  world.tell(peerId(4), peerId(0), accusation(world, 4, 4));
  assert.ok(world.mail.every(({ message }) => message.type !== "accusation" || message.id !== message.by));
  world.settle();
  for (const id of [0, 1, 2, 3]) assert.deepEqual([idsIn(world, id), world.mail.length], [[0, 1, 2, 3], 0]);
});

test("a member that has lost half of the others at once goes, and none of those", () => {
  const world = new World(16);
  for (let id = 8; id < 16; id++) world.cut(1, id);
  world.settle();
  assert.deepEqual([[...world.out], idsIn(world, 15).length], [[1], 15]);
});

test("a leader that changes what it proposes has its voters wait anew for a reason", () => {
  const world = new World(5);
  const without = (gone: number) => nextView(viewOf(5), { stays: ({ id }) => id !== gone, barred: [], joiners: [] });
  const ask = (gone: number) =>
    world.tell(peerId(0), peerId(4), { type: "accept", epoch: 1, ballot: 0, view: without(gone) });
  const hasVoted = () => world.mail.some(({ from, message }) => from === 4 && message.type === "accepted");
  ask(2);
  world.get(4).tick();
  ask(3);
  world.get(4).tick();
  assert.ok(!hasVoted());
  world.get(4).tick();
  assert.ok(hasVoted());
});
