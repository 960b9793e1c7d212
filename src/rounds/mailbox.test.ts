import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Aborted, DeadlineError, PeerLost } from "../base/errors.ts";
import { bytes, seconds } from "../base/units.ts";
import type { Tag } from "../ports/peer.ts";
import { peerId } from "../ports/view.ts";
import { Mailbox, type MailLimits } from "./mailbox.ts";

const [me, ada, bob, cyd] = [peerId(0), peerId(1), peerId(2), peerId(3)];
const tag: Tag = { kind: "test", round: 7 };
const other: Tag = { kind: "test", round: 7, part: 1 };
const body = (n: number) => Uint8Array.of(n);

/** A mailbox whose timers fire when the test says so. */
function open(limits: Partial<MailLimits> = {}) {
  const timers = new Set<() => void>();
  const abort = new AbortController();
  const after = (_: unknown, callback: () => void) => {
    timers.add(callback);
    return () => timers.delete(callback);
  };
  const mailbox = new Mailbox({ owner: me, after, signal: abort.signal, limits });
  const expire = () => {
    for (const callback of [...timers]) callback();
  };
  return { mailbox, abort, timers, expire };
}

/** What a promise came to within a few microtasks; "waiting" if nothing. */
async function soon<T>(promise: Promise<T>): Promise<T | string> {
  let outcome: T | string = "waiting";
  promise.then(
    (value) => (outcome = value),
    (error: Error) => (outcome = error.name),
  );
  for (let hop = 0; hop < 4; hop++) await Promise.resolve();
  return outcome;
}

test("mail is received whether it comes before the wait or after it", async () => {
  const { mailbox } = open();
  mailbox.deliver(ada, tag, body(1));
  const early = mailbox.receive(ada, tag);
  const late = mailbox.receive(ada, other);
  mailbox.deliver(ada, other, body(2));
  assert.deepEqual(await soon(early), body(1));
  assert.deepEqual(await soon(late), body(2));
});

test("a wait is settled within microtasks, by sender and every field of the tag", async () => {
  const { mailbox } = open();
  const wait = mailbox.receive(ada, tag);
  mailbox.deliver(bob, tag, body(0));
  for (const miss of [{ round: 8 }, { kind: "up" }, { attempt: 1 }, { part: 1 }] as const) {
    mailbox.deliver(ada, { ...tag, ...miss }, body(0));
  }
  assert.equal(await soon(wait), "waiting");
  mailbox.deliver(ada, { ...tag, attempt: 0, part: 0 }, body(9));
  assert.deepEqual(await soon(wait), body(9));
});

test("of two waits for the same mail the first is answered", async () => {
  const { mailbox } = open();
  const first = mailbox.receive(ada, tag);
  const second = mailbox.receiveAny([ada, bob], tag);
  mailbox.deliver(ada, tag, body(1));
  assert.deepEqual(await soon(first), body(1));
  assert.equal(await soon(second), "waiting");
  mailbox.deliver(bob, tag, body(2));
  assert.deepEqual(await soon(second), { from: bob, body: body(2) });
});

test("receiveAny takes mail that is there in order of arrival", async () => {
  const { mailbox } = open();
  mailbox.deliver(cyd, tag, body(3));
  mailbox.deliver(ada, tag, body(1));
  assert.deepEqual(await mailbox.receiveAny([ada, bob, cyd], tag), { from: cyd, body: body(3) });
  assert.deepEqual(await mailbox.receiveAny([ada, bob, cyd], tag), { from: ada, body: body(1) });
});

test("gather gives its map in the order asked for, whatever the order of arrival", async () => {
  const { mailbox } = open();
  mailbox.deliver(cyd, tag, body(3));
  const wait = mailbox.gather([ada, bob, cyd], tag);
  mailbox.deliver(bob, tag, body(2));
  assert.equal(await soon(wait), "waiting");
  mailbox.deliver(ada, tag, body(1));
  assert.deepEqual(
    [...(await wait)],
    [
      [ada, body(1)],
      [bob, body(2)],
      [cyd, body(3)],
    ],
  );
  assert.deepEqual(await mailbox.gather([], tag), new Map());
});

test("a wait past its deadline rejects and takes nothing that comes later", async () => {
  const { mailbox, expire, timers } = open();
  const one = mailbox.receive(ada, tag, { deadline: seconds(1) });
  const any = mailbox.receiveAny([ada, bob], tag, { deadline: seconds(1) });
  expire();
  await assert.rejects(one, DeadlineError);
  await assert.rejects(any, DeadlineError);
  assert.equal(timers.size, 0);
  mailbox.deliver(ada, tag, body(1));
  assert.deepEqual(await soon(mailbox.receive(ada, tag)), body(1));
});

test("a gather past its deadline resolves with those that came", async () => {
  const { mailbox, expire } = open();
  const wait = mailbox.gather([ada, bob], tag, { deadline: seconds(1) });
  mailbox.deliver(bob, tag, body(2));
  expire();
  assert.deepEqual([...(await wait)], [[bob, body(2)]]);
  mailbox.deliver(ada, tag, body(1));
  assert.deepEqual(await soon(mailbox.receive(ada, tag)), body(1));
});

test("a wait that was answered leaves no timer behind", async () => {
  const { mailbox, timers } = open();
  const wait = mailbox.receive(ada, tag, { deadline: seconds(1) });
  assert.equal(timers.size, 1);
  mailbox.deliver(ada, tag, body(1));
  assert.equal(timers.size, 0);
  assert.deepEqual(await wait, body(1));
});

test("a second message under the same tag is dropped, claimed or not", async () => {
  const { mailbox } = open();
  assert.equal(mailbox.deliver(ada, tag, body(1)), "taken");
  assert.equal(mailbox.deliver(ada, tag, body(2)), "duplicate");
  assert.deepEqual(await mailbox.receive(ada, tag), body(1));
  assert.equal(mailbox.deliver(ada, tag, body(3)), "duplicate");
  assert.equal(await soon(mailbox.receive(ada, tag)), "waiting");
});

test("duplicates are recognised under the last tags only, so that memory is bounded", async () => {
  const { mailbox } = open({ rememberedTags: 2 });
  for (const round of [0, 1, 2]) {
    mailbox.deliver(ada, { kind: "test", round }, body(round));
    await mailbox.receive(ada, { kind: "test", round });
  }
  const again = [2, 1, 0].map((round) => mailbox.deliver(ada, { kind: "test", round }, body(round)));
  assert.deepEqual(again, ["duplicate", "duplicate", "taken"]);
});

test("mail and waits outlive any number of newer tags", async () => {
  const { mailbox } = open({ rememberedTags: 1 });
  const rounds = [0, 1, 2, 3, 4].map((round): Tag => ({ kind: "test", round }));
  const waits = rounds.map((round) => mailbox.receive(bob, round));
  for (const round of rounds) mailbox.deliver(ada, round, body(round.round));
  for (const round of rounds) mailbox.deliver(bob, round, body(round.round + 10));
  for (const [i, round] of rounds.entries()) {
    assert.deepEqual(await soon(mailbox.receive(ada, round)), body(i));
    assert.deepEqual(await waits[i], body(i + 10));
  }
});

test("waits on a lost peer reject, after the mail that it left is received", async () => {
  const { mailbox } = open();
  mailbox.deliver(ada, other, body(1));
  const waiting = mailbox.receive(ada, tag);
  mailbox.lose(ada);
  await assert.rejects(waiting, PeerLost);
  assert.deepEqual(await mailbox.receive(ada, other), body(1));
  await assert.rejects(mailbox.receive(ada, other), PeerLost);
});

test("receiveAny rejects when all are gone; gather goes on without them", async () => {
  const { mailbox } = open();
  const any = mailbox.receiveAny([ada, bob], tag);
  const all = mailbox.gather([ada, bob, cyd], tag);
  mailbox.lose(ada);
  assert.equal(await soon(any), "waiting");
  mailbox.lose(bob);
  await assert.rejects(any, PeerLost);
  assert.equal(await soon(all), "waiting");
  mailbox.deliver(cyd, tag, body(3));
  assert.deepEqual([...(await all)], [[cyd, body(3)]]);
  await assert.rejects(mailbox.receiveAny([ada, bob], tag), PeerLost);
  assert.deepEqual(await soon(mailbox.gather([ada, bob], tag)), new Map());
});

test("an abort rejects every wait, also one that comes later and could be answered", async () => {
  const { mailbox, abort } = open();
  mailbox.deliver(bob, tag, body(1));
  const waits = [mailbox.receive(ada, tag), mailbox.receiveAny([ada], tag), mailbox.gather([ada, cyd], tag)];
  abort.abort(new Error("enough"));
  waits.push(mailbox.receive(bob, tag), mailbox.receiveAny([bob], tag), mailbox.gather([bob], tag));
  for (const wait of waits) {
    await assert.rejects(wait, (error: unknown) => error instanceof Aborted && String(error.cause) === "Error: enough");
  }
});

test("unclaimed mail is bounded for each sender, by number and by bytes; claimed mail makes room", async () => {
  const { mailbox } = open({ messagesPerSender: 2, bytesPerSender: bytes(10) });
  const at = (round: number): Tag => ({ kind: "test", round });
  assert.equal(mailbox.deliver(ada, at(0), new Uint8Array(1)), "taken");
  assert.equal(mailbox.deliver(ada, at(1), new Uint8Array(1)), "taken");
  assert.equal(mailbox.deliver(ada, at(2), new Uint8Array(1)), "refused");
  assert.equal(mailbox.deliver(bob, at(0), new Uint8Array(11)), "refused");
  assert.equal(mailbox.deliver(bob, at(0), new Uint8Array(10)), "taken");
  await mailbox.receive(ada, at(0));
  assert.equal(mailbox.deliver(ada, at(2), new Uint8Array(1)), "taken");
  const wait = mailbox.receive(bob, at(1));
  assert.equal(mailbox.deliver(bob, at(1), new Uint8Array(99)), "taken", "mail that is awaited takes no room");
  assert.equal((await wait).length, 99);
});

test("mail of a later epoch waits for its view, mail of an earlier one is stale", async () => {
  const { mailbox } = open();
  mailbox.deliver(ada, tag, body(0));
  assert.equal(mailbox.deliver(ada, tag, body(1), 1), "taken");
  const one = mailbox.receive(bob, tag);
  const all = mailbox.gather([bob, cyd], other);
  mailbox.deliver(cyd, other, body(3));
  mailbox.enter(1);
  await assert.rejects(one, PeerLost);
  assert.deepEqual([...(await all)], [[cyd, body(3)]]);
  assert.equal(mailbox.deliver(bob, tag, body(2), 0), "stale");
  assert.deepEqual(await soon(mailbox.receive(ada, tag)), body(1));
});

test("whatever the order of deliveries and waits, each message is received exactly once", () => {
  const moves = fc.array(fc.record({ deliver: fc.boolean(), from: fc.integer({ min: 1, max: 3 }), round: fc.nat(3) }));
  return fc.assert(
    fc.asyncProperty(moves, async (steps) => {
      const { mailbox } = open();
      const sent = new Set<string>();
      const asked = new Set<string>();
      const got: string[] = [];
      for (const { deliver, from, round } of steps) {
        const key = `${from}/${round}`;
        const letter: Tag = { kind: "test", round };
        if (deliver) {
          sent.add(key);
          mailbox.deliver(peerId(from), letter, new TextEncoder().encode(key));
        } else {
          asked.add(key);
          mailbox.receive(peerId(from), letter).then((found) => got.push(new TextDecoder().decode(found)), assert.fail);
        }
      }
      await soon(Promise.resolve());
      assert.deepEqual(got.sort(), [...sent].filter((key) => asked.has(key)).sort());
    }),
  );
});
