/** Members that lie about what was decided, and about what they vote for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type PeerId, peerId } from "../../ports/view.ts";
import { type Certificate, digestOf } from "./certificate.ts";
import type { ControlMessage } from "./control-messages.ts";
import { History } from "./history.ts";
import { barredIn, certificate, idsIn, joiner, signingOf, viewOf, World } from "./membership-world.contract.ts";
import { nextView } from "./next-view.ts";
import { Proposer } from "./succession.ts";
import { DECISIONS_KEPT, MEMBERS_MAX } from "./swarm-limits.ts";
import type { SwarmView } from "./swarm-view.ts";

/** A view without these. */
const without = (before: SwarmView, ...gone: readonly number[]): SwarmView =>
  nextView(before, { stays: ({ id }) => !gone.includes(id), barred: [], joiners: [] });

test("nobody goes on to a view that no quorum has voted for, and whoever makes up votes is dropped", () => {
  const before = viewOf(5);
  const view = without(before, 1, 2);
  const say = (world: World, made: Certificate) =>
    world.tell(peerId(3), peerId(4), { type: "commit", view, certificate: made });
  for (const [made, isLie] of [
    [certificate(before, view, [3]), false],
    [certificate(before, view, [0, 3]), false],
    [certificate(before, view, [0, 1, 3], 3), true],
    [certificate(before, view, [0, 3, 99], 3), true],
    [{ ...certificate(before, view, [0, 1, 3]), ballot: 1 }, true],
    [certificate({ ...before, swarm: "earlier" }, view, [0, 1, 3]), false],
    [{ ...certificate({ ...before, swarm: "earlier" }, view, [0, 1, 3]), follows: digestOf(before) }, true],
  ] as const) {
    const world = new World(5);
    say(world, made);
    assert.deepEqual([world.get(4).view.epoch, world.blamed.length], [0, Number(isLie)]);
    world.settle();
    assert.deepEqual(barredIn(world, 0), isLie ? ["node 3"] : []);
  }
  const world = new World(5);
  say(world, certificate(before, view, [0, 1, 3]));
  assert.deepEqual(idsIn(world, 4), [0, 3, 4]);
});

test("where a minority may go on alone, a member goes on to a view that it voted for itself, and to no other", () => {
  const before = viewOf(5);
  const view = without(before, 1, 2);
  for (const [voters, epoch] of [
    [[3], 0],
    [[3, 4], 1],
  ] as const) {
    const world = new World(5, "continue");
    world.tell(peerId(3), peerId(4), { type: "commit", view, certificate: certificate(before, view, voters) });
    assert.equal(world.get(4).view.epoch, epoch);
  }
});

test("whoever has missed views is told of each in turn, with what proves it", () => {
  const world = new World(5);
  for (const id of [1, 2, 3]) world.cut(id, 4); // the leader is the last to lose it
  world.cut(0, 4);
  world.settle();
  for (let i = 0; i < 3; i++) {
    world.get(0).join(joiner(`late ${i}`));
    world.settle();
  }
  const epoch = world.get(0).view.epoch;
  assert.ok(epoch > 3);
  const chain = world.get(1).decisionsAfter(0);
  assert.deepEqual(
    chain.map((one) => one.view.epoch),
    Array.from({ length: epoch }, (_, i) => i + 1),
  );
  for (const one of chain.toReversed()) world.tell(peerId(1), peerId(4), { type: "commit", ...one });
  assert.deepEqual([world.out.has(peerId(4)), world.get(4).view.epoch, world.blamed], [true, 1, []]);
});

test("one that tells of views that nobody can check drives nobody out who hears the others", () => {
  const world = new World(5);
  const far = { ...viewOf(5), epoch: 40 };
  const lie = { view: { ...far, epoch: 41 }, certificate: certificate(far, { ...far, epoch: 41 }, [0, 1, 3]) };
  for (let i = 0; i < 5; i++) {
    world.tell(peerId(3), peerId(4), { type: "commit", ...lie });
    world.settle(1);
  }
  assert.deepEqual([world.out.size, world.get(4).view.epoch, world.blamed], [0, 0, []]);
});

test("whoever waits and has missed more views than are remembered learns that it is out", () => {
  const world = new World(3);
  for (const id of [0, 1]) world.cut(id, 2);
  world.settle();
  for (let comer = 3; comer < 3 + DECISIONS_KEPT; comer++) {
    world.get(0).join(joiner(`comer ${comer}`));
    world.settle(1);
    for (const id of [0, 1]) world.get(id).linkDown(peerId(comer), "it never spoke");
    world.settle(1);
  }
  assert.ok(world.get(0).decisionsAfter(0)[0]!.view.epoch > DECISIONS_KEPT);
  world.mend(1, 2);
  world.settle();
  assert.deepEqual([world.out.has(peerId(2)), world.blamed], [true, []]);
});

test("a voter that signs what it was not asked for, or refuses for no reason, does not keep the others from deciding", () => {
  const lies: readonly ((world: World) => ControlMessage)[] = [
    () => ({ type: "accepted", epoch: 1, ballot: 0, vote: new Uint8Array(64) }),
    () => ({ type: "refuse", epoch: 1, ballot: 0, promised: 2 ** 32 - 1 }),
    () => ({ type: "refuse", epoch: 1, ballot: 0, promised: 5 * MEMBERS_MAX }),
  ];
  for (const [i, lie] of lies.entries()) {
    const world = new World(5);
    world.get(0).join(joiner("late"));
    world.tell(peerId(4), peerId(0), lie(world));
    for (let index = world.mail.length - 1; index >= 0; index--)
      if (world.mail[index]!.to === 4) world.mail.splice(index, 1); // it answers nothing else
    while (world.mail.length > 0) world.deliver();
    assert.equal(world.get(1).view.epoch > 0, true, `lie ${i}`);
    assert.equal(world.blamed.length, i === 0 ? 1 : 0);
  }
});

test("one that refuses every question before the others have answered stops nothing", () => {
  const world = new World(5);
  world.get(0).join(joiner("late"));
  for (let step = 0; step < 60 && world.mail.length > 0; step++) {
    const first = world.mail.findIndex(({ to }) => to === 4);
    const [mail] = first < 0 ? [] : world.mail.splice(first, 1);
    const message = mail?.message;
    if (message === undefined) world.deliver();
    else if (message.type === "accept" || message.type === "prepare") {
      const { epoch, ballot } = message;
      world.tell(peerId(4), peerId(0), { type: "refuse", epoch, ballot, promised: ballot + MEMBERS_MAX });
    }
  }
  assert.equal(world.get(1).view.epoch, 1);
});

test("a proposer that hears of a promise beyond all ballots asks for none", () => {
  const view = viewOf(2);
  const ids = new Set([peerId(0), peerId(1)]);
  const enough = (votes: ReadonlySet<PeerId>) => votes.size === 2;
  const signing = signingOf(view, peerId(0));
  const proposer = new Proposer({ view, rank: 0, own: without(view), enough, heeded: () => ids, signing });
  const refuse = (promised: number) => {
    const { ballot } = proposer.question;
    return proposer.hear(peerId(1), { type: "refuse", epoch: 1, ballot, promised });
  };
  assert.equal(refuse(2 ** 32 - 1), undefined);
  assert.equal(refuse(5 * MEMBERS_MAX), "ask");
  assert.deepEqual(proposer.question, { type: "prepare", epoch: 1, ballot: 6 * MEMBERS_MAX });
});

test("a voter that tells of a vote for what nobody proposes is dropped", () => {
  const world = new World(5);
  world.kill(0);
  const foul = { ...without(viewOf(5), 2, 3), nextId: 77 };
  world.tell(peerId(4), peerId(1), {
    type: "promise",
    epoch: 1,
    ballot: MEMBERS_MAX + 1,
    accepted: { ballot: 9, view: foul },
  });
  world.settle();
  assert.deepEqual([idsIn(world, 1), barredIn(world, 2)], [[1, 2, 3], ["node 4"]]);
});

test("a leader that proposes what no member proposes, or in another's ballot, is dropped", () => {
  const before = viewOf(4);
  const foul = { ...without(before, 2), barred: [{ node: "node 9", why: "" }] };
  const lies: readonly ControlMessage[] = [
    { type: "accept", epoch: 1, ballot: 0, view: foul },
    { type: "accept", epoch: 1, ballot: MEMBERS_MAX + 1, view: without(before, 2) },
    { type: "prepare", epoch: 1, ballot: 1 },
  ];
  for (const message of lies) {
    const world = new World(4);
    world.tell(peerId(0), peerId(3), message);
    world.settle();
    assert.deepEqual([idsIn(world, 3), barredIn(world, 3)], [[1, 2, 3], ["node 0"]]);
  }
});

test("a leader gets no votes for two views in one ballot", () => {
  const world = new World(3);
  const before = viewOf(3);
  const ask = (to: number, ...gone: readonly number[]) =>
    world.tell(peerId(0), peerId(to), { type: "accept", epoch: 1, ballot: 0, view: without(before, ...gone) });
  ask(2);
  ask(2, 2);
  assert.deepEqual(
    world.mail.filter(({ from }) => from === 2).map(({ message }) => message.type),
    ["accepted", "refuse"],
  );
});

test("whoever asks again and again what followed is told once a tick", () => {
  const world = new World(5);
  world.get(0).join(joiner("late"));
  world.settle();
  for (let i = 0; i < 9; i++) world.tell(peerId(3), peerId(0), { type: "alive", epoch: 0 });
  assert.equal(world.mail.length, 1);
  world.get(0).tick();
  world.tell(peerId(3), peerId(0), { type: "alive", epoch: 0 });
  assert.equal(world.mail.filter(({ message }) => message.type === "commit").length, 2);
});

test("a view with too few votes, and a vote that came before, cost nobody the time to check a signature", () => {
  const before = viewOf(5);
  const view = without(before, 4);
  let checks = 0;
  const own = signingOf(before, peerId(0));
  const verifies: typeof own.verifies = (...said) => {
    checks += 1;
    return own.verifies(...said);
  };
  const signing = { ...own, verifies };
  assert.equal(
    new History(before, signing, () => false).weigh({ view, certificate: certificate(before, view, [2, 3]) }),
    "nothing",
  );
  assert.equal(checks, 0);
  const enough = (votes: ReadonlySet<PeerId>) => votes.size > 2;
  const heeded = () => new Set(before.members.map(({ id }) => id));
  const proposer = new Proposer({ view: before, rank: 0, own: view, enough, heeded, signing });
  const vote = certificate(before, view, [1]).votes.get(peerId(1))!;
  for (let i = 0; i < 9; i++) proposer.hear(peerId(1), { type: "accepted", epoch: 1, ballot: 0, vote });
  assert.equal(checks, 1);
});

test("one that lies about its promise keeps nobody from going above what another was promised", () => {
  const view = viewOf(5);
  const enough = (votes: ReadonlySet<PeerId>) => votes.size > 2;
  const heeded = () => new Set([0, 1, 2, 3].map(peerId));
  const signing = signingOf(view, peerId(0));
  const proposer = new Proposer({ view, rank: 0, own: without(view, 4), enough, heeded, signing });
  const refuse = (from: number, promised: number) =>
    proposer.hear(peerId(from), { type: "refuse", epoch: 1, ballot: 0, promised });
  assert.equal(refuse(3, 2 ** 32 - 1), undefined);
  assert.equal(refuse(2, 5 * MEMBERS_MAX), "ask");
  assert.deepEqual(proposer.question, { type: "prepare", epoch: 1, ballot: 6 * MEMBERS_MAX });
});

test("a leader that takes the highest of its ballots and goes leaves ballots to the others", () => {
  const world = new World(4);
  for (const id of [1, 2, 3]) {
    world.tell(peerId(0), peerId(id), { type: "prepare", epoch: 1, ballot: 2 ** 32 - MEMBERS_MAX });
  }
  world.kill(0);
  world.settle();
  for (const id of [1, 2, 3]) assert.deepEqual(idsIn(world, id), [1, 2, 3]);
});
