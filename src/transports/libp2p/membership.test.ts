import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type PeerId, peerId } from "../../ports/view.ts";
import type { ControlMessage } from "./control-messages.ts";
import { Membership } from "./membership.ts";
import type { SwarmMember, SwarmView } from "./swarm-view.ts";

const member = (id: number): SwarmMember => ({
  id: peerId(id),
  node: `node ${id}`,
  role: "train",
  addresses: [],
  ticket: `ticket ${id}`,
});

const viewOf = (count: number): SwarmView => ({
  epoch: 0,
  nextId: count,
  members: Array.from({ length: count }, (_, id) => member(id)),
  barred: [],
});

/** Members that talk over links which the test cuts and mends, with messages that the test delivers. */
class World {
  readonly members = new Map<PeerId, Membership>();
  /** Messages under way, in the order of each link. */
  readonly mail: { readonly from: PeerId; readonly to: PeerId; readonly message: ControlMessage }[] = [];
  /** The views that any member took for decided, by epoch, as text. */
  readonly decided = new Map<number, Set<string>>();
  readonly out = new Set<PeerId>();
  readonly #cut = new Set<string>();
  readonly #minority: "wait" | "continue";

  constructor(count: number, minority: "wait" | "continue" = "wait") {
    this.#minority = minority;
    for (const { id } of viewOf(count).members) this.add(id, viewOf(count));
  }

  add(id: PeerId, view: SwarmView): Membership {
    const membership: Membership = new Membership({
      self: id,
      view,
      minority: this.#minority,
      send: (to, message) => {
        if (!this.isCut(id, to)) this.mail.push({ from: id, to, message });
      },
      onView: (view) => this.#note(view),
      onOut: (view) => {
        this.out.add(id);
        if (view.members.length > 0) this.#note(view); // a member that leaves alone decides nothing
      },
    });
    this.members.set(id, membership);
    return membership;
  }

  get(id: number): Membership {
    return this.members.get(peerId(id))!;
  }

  isCut(a: PeerId, b: PeerId): boolean {
    return this.#cut.has(pair(a, b)) || !this.members.has(b);
  }

  /** Both ends see the link break; what was under way on it is lost. */
  cut(a: number, b: number): void {
    const [one, other] = [peerId(a), peerId(b)];
    if (one === other || this.#cut.has(pair(one, other))) return;
    this.#cut.add(pair(one, other));
    for (let i = this.mail.length - 1; i >= 0; i--) {
      if (pair(this.mail[i]!.from, this.mail[i]!.to) === pair(one, other)) this.mail.splice(i, 1);
    }
    this.members.get(one)?.linkDown(other, "cut");
    this.members.get(other)?.linkDown(one, "cut");
  }

  mend(a: number, b: number): void {
    const [one, other] = [peerId(a), peerId(b)];
    if (!this.#cut.delete(pair(one, other))) return;
    this.members.get(one)?.linkUp(other);
    this.members.get(other)?.linkUp(one);
  }

  /** Nobody reaches it any more. */
  kill(id: number): void {
    for (const other of [...this.members.keys()]) this.cut(id, other);
    this.members.delete(peerId(id));
  }

  deliver(index = 0): void {
    const first = this.mail[index];
    // Of one link only the first message may come: streams keep their order.
    const at = this.mail.findIndex(({ from, to }) => from === first?.from && to === first.to);
    if (at < 0) return;
    const [{ from, to, message }] = this.mail.splice(at, 1) as [(typeof this.mail)[number]];
    this.members.get(to)?.hear(from, message);
  }

  settle(ticks = 6): void {
    for (let i = 0; i < ticks; i++) {
      while (this.mail.length > 0) this.deliver();
      for (const [id, membership] of this.members) {
        membership.tick();
        for (const { id: other } of membership.view.members) {
          if (other !== id && !this.isCut(id, other)) {
            this.mail.push({ from: id, to: other, message: { type: "alive", epoch: membership.view.epoch } });
          }
        }
      }
    }
    while (this.mail.length > 0) this.deliver();
  }

  #note(view: SwarmView): void {
    const texts = this.decided.get(view.epoch) ?? new Set();
    this.decided.set(view.epoch, texts.add(JSON.stringify(view)));
  }
}

const pair = (a: PeerId, b: PeerId): string => (a < b ? `${a}-${b}` : `${b}-${a}`);
const idsOf = (membership: Membership): number[] => membership.view.members.map(({ id }) => id);
const joiner = (node: string) => ({ node, role: "train" as const, addresses: [], ticket: `ticket of ${node}` });

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

test("what a member says of others is believed of less than half of them, and never of whoever it tells", () => {
  const world = new World(5);
  const accuse = (id: number) =>
    world.get(0).hear(peerId(4), { type: "link", id: peerId(id), state: "breach", why: "" });
  accuse(0);
  world.settle();
  assert.equal(world.get(0).view.epoch, 0);
  for (const id of [1, 2, 3]) {
    accuse(id);
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
