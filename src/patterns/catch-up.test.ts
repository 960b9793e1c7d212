import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CorruptError, ThinwireError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { ef21 } from "../channels/ef21.ts";
import { parseCompressor } from "../compressors/registry.ts";
import { CatchUpLog, catchUp, stateBytes } from "./catch-up.ts";

const LENGTH = 8;
const ROUNDS = 6;
const rngOf = (round: number) => Random.fromSeed(1).split(`round/${round}`);
const channel = ef21(parseCompressor("top-k:2", "test"), { init: "full" });

/** A member whose state is a running mean of all results, which finite ones leave finite. */
function member() {
  const state = new Float32Array(LENGTH);
  const apply = (result: Float32Array): void => {
    for (const [j, value] of result.entries()) state[j] = state[j]! / 2 + value / 2;
  };
  return { state, apply };
}

/** A server after six rounds whose log holds up to so many bytes, by default what the state weighs: less than six rounds. */
function server(most?: number) {
  const sender = channel.sender(LENGTH);
  const receiver = channel.receiver(LENGTH);
  const replica = member();
  const log = new CatchUpLog(0, most ?? stateBytes(replica, sender));
  const out = new Float32Array(LENGTH);
  for (let round = 0; round < ROUNDS; round++) {
    const x = Float32Array.from({ length: LENGTH }, (_, j) => rngOf(round).split("x").normal(j));
    const message = sender.encode(x, rngOf(round));
    receiver.decode(message, out, rngOf(round));
    sender.commit();
    receiver.commit();
    replica.apply(out);
    log.add(0, message);
  }
  return { sender, receiver, replica, log };
}

function behind() {
  const replica = member();
  return { replica, receiver: channel.receiver(LENGTH), scratch: new Float32Array(LENGTH) };
}

test("messages and the state bring a member to the same bits; whichever weighs less is sent", () => {
  for (const [most, mode] of [
    [1000, 0],
    [undefined, 1],
  ] as const) {
    const { sender, receiver, replica, log } = server(most);
    const body = log.since(0, replica, sender);
    assert.equal(body[4], mode);
    const own = behind();
    catchUp(body, 0, ROUNDS, own, rngOf);
    assert.deepEqual(own.replica.state, replica.state);
    assert.deepEqual(own.receiver.save(), receiver.save());
  }
});

test("what travels is never longer than the state, however short the messages", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 40 }), (lengths) => {
      const { sender, replica } = server();
      const limit = stateBytes(replica, sender);
      const log = new CatchUpLog(0, limit);
      for (const [round, length] of lengths.entries()) {
        log.add(0, new Uint8Array(length));
        assert.ok(log.since(0, replica, sender).length <= limit + 8, `round ${round}`);
      }
    }),
  );
});

test("of hostile bodies every one is refused with a typed error, or applied to finite values", () => {
  const { sender, replica, log } = server(1000);
  const honest = [log.since(0, replica, sender), server().log.since(0, replica, sender)];
  const mutated = fc
    .tuple(fc.constantFrom(...honest), fc.nat(), fc.uint8Array({ maxLength: 12 }))
    .map(([body, at, bytes]) => {
      const copy = body.slice();
      copy.set(bytes.subarray(0, copy.length - (at % copy.length)), at % copy.length);
      return copy;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), mutated), (body) => {
      const own = behind();
      try {
        catchUp(body, 0, ROUNDS, own, rngOf);
      } catch (error) {
        assert.ok(error instanceof ThinwireError, String(error));
      }
      assert.ok(own.replica.state.every((value) => Number.isFinite(value)));
    }),
  );
  assert.throws(() => catchUp(honest[0]!, 1, ROUNDS, behind(), rngOf), CorruptError);
});
