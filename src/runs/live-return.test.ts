import assert from "node:assert/strict";
import { test } from "node:test";
import { Aborted } from "../base/errors.ts";
import type { Answered } from "../transports/libp2p/ask.ts";
import type { Swarm } from "../transports/libp2p/index.ts";
import { comeBack } from "./live-return.ts";

const VIEW = { swarm: "", epoch: 0, nextId: 0, members: [], barred: [] };
const ANSWER: Answered = { type: "members", view: VIEW, about: new Uint8Array(0) };

function later<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((one, other) => {
    resolve = one;
    reject = other;
  });
  return { promise, resolve, reject };
}

/** Enters only to be stopped. */
function waiting(): { swarm: Swarm; asked: Promise<void> } {
  const ended = later<never>();
  const asked = later<void>();
  const swarm: Swarm = {
    node: "",
    addresses: [],
    wireBytes: { sent: 0, received: 0 },
    about: ANSWER.about,
    enter() {
      asked.resolve();
      return ended.promise;
    },
    stop() {
      ended.reject(new Aborted("swarm", { expected: "to go on", got: "an abort" }));
      return Promise.resolve();
    },
  };
  return { swarm, asked: asked.promise };
}

test("who is to stop while it looks for the others does so at once", async () => {
  for (const isLate of [true, false]) {
    const { swarm, asked } = waiting();
    const stop = new AbortController();
    if (!isLate) stop.abort();
    const back = comeBack({
      ask: () => Promise.resolve(ANSWER),
      isOurs: () => true,
      join: () => Promise.resolve(swarm),
      stop: stop.signal,
    });
    const refused = assert.rejects(back, Aborted);
    await asked;
    stop.abort();
    await refused;
  }
});
