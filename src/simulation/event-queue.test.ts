import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seconds } from "../base/units.ts";
import { peerId } from "../ports/view.ts";
import { EventQueue, PHASES } from "./event-queue.ts";
import { Appointment } from "./virtual-time.ts";

const phases = Object.values(PHASES);
const plan = fc.record({
  time: fc.nat(3),
  phase: fc.constantFrom(...phases),
  owner: fc.nat(2),
  cancelled: fc.boolean(),
});

test("events come out by time, phase, peer and order, and cancelled ones do not", () => {
  fc.assert(
    fc.property(fc.array(plan), (plans) => {
      const queue = new EventQueue();
      const sources = [0, 1, 2].map((id) => ({ id: peerId(id), events: 0 }));
      const events = plans.map(({ time, phase, owner, cancelled }) => {
        const event = new Appointment(seconds(time), phase, sources[owner]!, () => {});
        queue.push(event);
        event.cancelled = cancelled;
        return event;
      });
      const keys = (event: Appointment) => [event.time, event.phase, event.owner, event.order];
      const expected = events
        .filter((event) => !event.cancelled)
        .map(keys)
        .sort((a, b) => a.map((key, i) => key - b[i]!).find((difference) => difference !== 0) ?? 0);
      const got: number[][] = [];
      for (let event = queue.first(); event !== undefined; event = queue.first()) {
        got.push([event.time, event.phase, event.owner, event.order]);
        assert.equal(queue.pop(), event);
      }
      assert.deepEqual(got, expected);
    }),
  );
});

test("what is pending is what was pushed and neither taken nor drained, whatever the order of pushes and pops", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(plan, fc.constant("pop" as const)), { maxLength: 200 }), (steps) => {
      const queue = new EventQueue();
      const sources = [0, 1, 2].map((id) => ({ id: peerId(id), events: 0 }));
      const held = new Set<unknown>();
      for (const step of steps) {
        if (step === "pop") {
          held.delete(queue.pop());
        } else {
          const event = new Appointment(seconds(step.time), step.phase, sources[step.owner]!, () => {});
          queue.push(event);
          held.add(event);
        }
        assert.deepEqual([queue.size, new Set(queue.pending)], [held.size, held]);
      }
      assert.deepEqual(new Set(queue.drain()), held);
      assert.deepEqual([queue.size, queue.first(), queue.pop()], [0, undefined, undefined]);
    }),
  );
});

test("of hundreds of events, ascending or not, pushed between pops, the earliest always comes out", () => {
  const step = fc.record({ push: fc.nat(3), ahead: fc.constantFrom(0, 1, 2, 30, 500) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 100, maxLength: 400 }), (steps) => {
      const queue = new EventQueue();
      const source = { id: peerId(0), events: 0 };
      const held: Appointment[] = [];
      const takeOne = () => {
        held.sort((a, b) => a.time - b.time || a.order - b.order);
        assert.equal(queue.pop(), held.shift());
      };
      for (const [now, { push, ahead }] of steps.entries()) {
        for (let i = 0; i < push; i++) {
          const event = new Appointment(seconds(now + ahead), PHASES.mail, source, () => {});
          queue.push(event);
          held.push(event);
        }
        if (now % 2 === 0) takeOne();
      }
      while (held.length > 0) takeOne();
      assert.deepEqual([queue.size, queue.pop()], [0, undefined]);
    }),
    { numRuns: 30 },
  );
});
