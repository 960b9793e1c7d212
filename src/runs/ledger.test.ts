import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes } from "../base/units.ts";
import type { MeterTotals } from "../ports/meter.ts";
import { peerId } from "../ports/view.ts";
import { Ledger } from "./ledger.ts";

const spent = (sent: Readonly<Record<number, number>>): MeterTotals => ({
  sent: new Map(Object.entries(sent).map(([to, n]) => [peerId(Number(to)), bytes(n)])),
  received: new Map(),
  spent: new Map(),
});

const at = (exchange: number, rank: number, members: number) => ({ exchange, rank, members });
const [zero, one, two] = [0, 1, 2].map(peerId) as [ReturnType<typeof peerId>, ...ReturnType<typeof peerId>[]];

test("an exchange is complete once as many have entered it as made it, and wires tell what is new", () => {
  const ledger = new Ledger(true);
  assert.deepEqual(ledger.enter(zero, at(1, 0, 2), spent({ 1: 10 })).complete, []);
  const { wires, complete } = ledger.enter(one!, at(1, 1, 2), spent({ 0: 4 }));
  assert.deepEqual(wires, [{ exchange: 1, from: 1, to: 0, bytes: 4 }]);
  assert.deepEqual(
    complete.map(({ exchange, totals }) => [exchange, totals.bytesUp, totals.bytesDown]),
    [[1, 4, 10]],
  );
  assert.deepEqual(ledger.enter(one!, at(2, 1, 2), spent({ 0: 9 })).wires, [{ exchange: 2, from: 1, to: 0, bytes: 5 }]);
});

test("an exchange that a lost member left open ends with the next one that is complete, the dead counted as last known", () => {
  const ledger = new Ledger(true);
  ledger.enter(two!, at(1, 2, 3), spent({ 0: 3 }));
  ledger.enter(zero, at(1, 0, 3), spent({ 1: 10 }));
  ledger.enter(zero, at(2, 0, 2), spent({ 1: 20 })); // peer 1 did not enter exchange 1, and was brought past it
  const { complete } = ledger.enter(one!, at(2, 1, 2), spent({ 0: 6 }));
  assert.deepEqual(
    complete.map(({ exchange, totals }) => [exchange, totals.bytesUp, totals.bytesDown]),
    [
      [1, 9, 10],
      [2, 9, 20],
    ],
  );
});

test("what a member sent counts as the server's from when it serves", () => {
  const ledger = new Ledger(true);
  ledger.enter(zero, at(1, 0, 2), spent({ 1: 10 }));
  ledger.enter(one!, at(1, 1, 2), spent({ 0: 4 }));
  const { complete } = ledger.enter(one!, at(2, 0, 1), spent({ 0: 5 }));
  assert.deepEqual(
    complete.map(({ exchange, totals }) => [exchange, totals.bytesUp + totals.bytesDown]),
    [[2, 15]],
  );
});
