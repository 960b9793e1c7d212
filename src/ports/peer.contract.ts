/**
 * The contract of `Peer`: each adapter runs it with one line, and gives the same results.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ThinwireError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { type ContractName, contractPrograms } from "./peer-programs.contract.ts";
import { peerId } from "./view.ts";

export interface ContractRun {
  /** Members 0 … peers − 1, all workers, epoch 0. */
  readonly peers: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs `contractPrograms[name].run` once for each peer, over links of no particular speed, and gives the results in rank
 * order. Rejects with the error of a program that throws, and with `Aborted` when the signal aborts.
 */
export type RunContract = (name: ContractName, run: ContractRun) => Promise<readonly unknown[]>;

const SEED = 42;
const HEADER_BYTES = 24;

export function peerContract(adapter: string, run: RunContract): void {
  const runs = (name: ContractName, signal?: AbortSignal) =>
    run(name, { peers: contractPrograms[name].peers, seed: SEED, ...(signal && { signal }) });
  const law = (sentence: string, name: ContractName, expected: readonly unknown[]) =>
    test(`${adapter}: ${sentence}`, async () => assert.deepEqual(await runs(name), expected));

  law("mail is found by its tag, in whatever order it came or was asked for", "tagsNotArrival", [
    "thanks",
    ["round 2", "round 0", "round 1", "part 2", "part 1"],
  ]);
  const whole = "one body, in parts";
  law("one body reaches many, and its parts arrive joined", "toMany", ["sent", whole, whole, whole]);
  law("gather takes one body of each in the order asked for, receiveAny each body once", "gatherAndReceiveAny", [
    { all: ["1: from 1", "2: from 2", "3: from 3"], any: ["true", "true", "true"] },
    "sent",
    "sent",
    "sent",
  ]);
  law("a wait ends at its deadline and takes nothing that comes later", "deadlines", [
    "sent",
    { came: ["0: in time"], one: "deadline", any: "deadline", rest: ["late", "at last"] },
    "sent",
  ]);
  law("a body may be overwritten once it is sent", "copied", ["sent", ["as it was", "these too"]]);
  law("bodies may be empty and may be large", "sizes", ["sent", { empty: 0, big: 5_000_000, intact: true }]);
  law("a second message under the same tag is dropped, before and after the first is received", "duplicates", [
    "sent",
    { text: "first", again: "deadline" },
  ]);
  law("a peer that has left is lost to waits and sends, but its last words are received", "leaving", [
    "left",
    { never: "peer-lost", any: "peer-lost", sending: "peer-lost", left: "a last word", all: [2] },
    "a last word",
  ]);
  const worked = { thrown: "config", metered: true, forwards: true };
  law("work gives back its value or its error, is metered, and moves no clock backwards", "working", [
    { now: 40, later: 50, ...worked },
    { now: 41, later: 51, ...worked },
  ]);
  law("both ends of a link count the same bytes, 24 more than the body for each message", "metering", meteredBytes());
  const root = Random.fromSeed(SEED);
  const draws = ["peer/0/batches", "init"].map((name) => root.split(name).u32(5));
  law("all peers split the same randomness from the seed", "randomness", [draws, draws, draws]);
  law("recycling a body harms no other", "recycling", ["sent", true]);
  law("sixteen peers exchange with all others, round after round", "allToAll", allToAllSums());
  const members = [0, 1, 2];
  law("a view names all members in rank order", "membership", [
    { id: 0, epoch: 0, members, workers: members },
    { id: 1, epoch: 0, members, workers: members },
    { id: 2, epoch: 0, members, workers: members },
  ]);

  test(`${adapter}: an abort ends a run that would go on for ever`, async () => {
    const abort = new AbortController();
    const running = runs("endless", abort.signal);
    setTimeout(() => abort.abort(), 5);
    await assert.rejects(running, withCode("aborted"));
  });

  test(`${adapter}: a run that was aborted before it began does nothing`, async () => {
    await assert.rejects(runs("endless", AbortSignal.abort()), withCode("aborted"));
  });

  test(`${adapter}: the error of one program ends the others and is passed on`, async () => {
    await assert.rejects(runs("failing"), withCode("config"));
  });
}

/** By code, for an error that crossed a thread has lost its class. */
const withCode = (code: string) => (error: unknown) => {
  assert.ok(error instanceof Error);
  return (error instanceof ThinwireError || "code" in error) && error.code === code;
};

function meteredBytes(): readonly unknown[] {
  const ids = [0, 1, 2].map(peerId);
  const framed = (from: number, to: number) => HEADER_BYTES + 100 * (from + 1) + to + (HEADER_BYTES + 7);
  return ids.map((id) => {
    const others = ids.filter((other) => other !== id);
    return {
      sent: new Map(others.map((other) => [other, framed(id, other)])),
      received: new Map(others.map((other) => [other, framed(other, id)])),
    };
  });
}

function allToAllSums(): readonly number[] {
  let sums = Array.from({ length: 16 }, (_, id) => id + 1);
  for (let round = 0; round < 3; round++) {
    const total = sums.reduce((all, sum) => all + sum, 0);
    sums = sums.map(() => total % 256);
  }
  return sums;
}
