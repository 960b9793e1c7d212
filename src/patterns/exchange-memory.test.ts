import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndUse } from "../aggregators/aggregator.ts";
import type { NamedVectors } from "../base/state.ts";
import { restoreInto } from "../base/state.ts";
import type { SavedChannel, Settled } from "../channels/channel.ts";
import { peerId } from "../ports/view.ts";
import { ExchangeMemory } from "./exchange-memory.ts";

/** An end that holds one number, which its peer alone knows or which the other end mirrors. */
class End implements Settled {
  readonly values: Float32Array;
  readonly #mirrored: boolean;
  readonly log: string[] = [];

  constructor(value: number, mirrored: boolean) {
    this.values = Float32Array.of(value);
    this.#mirrored = mirrored;
  }

  get #held(): NamedVectors {
    return new Map([[this.#mirrored ? "estimate" : "error", this.values]]);
  }

  commit(): void {
    this.log.push("commit");
  }

  rollback(): void {
    this.log.push("rollback");
  }

  save(): SavedChannel {
    const held = new Map([...this.#held].map(([name, values]) => [name, Float32Array.from(values)]));
    return this.#mirrored ? { shared: held, private: new Map() } : { shared: new Map(), private: held };
  }

  restore(saved: SavedChannel): void {
    restoreInto(this.#held, this.#mirrored ? saved.shared : saved.private, "test");
  }
}

const [one, two] = [peerId(1), peerId(2)];
const nobody: ReadonlySet<typeof one> = new Set();

/** The end named "wire" of a memory that is opened with a first use and again with a second one. */
function reopened(mirrored: boolean, first: EndUse, second: EndUse, joined = nobody): { same: boolean } {
  const memory = new ExchangeMemory();
  const before = memory.end("wire", () => new End(1, mirrored), first);
  const after = memory.reopen(joined, () => memory.end("wire", () => new End(0, mirrored), second));
  return { same: after === before };
}

test("what a peer alone knows stays, whoever is at the other end", () => {
  assert.ok(reopened(false, { other: one }, { other: two }).same);
  assert.ok(reopened(false, { other: one }, { other: one }, new Set([one])).same);
  assert.ok(reopened(false, { anew: true }, { anew: true }).same);
});

test("what two ends mirror stays between the same two peers, and else begins anew", () => {
  assert.ok(reopened(true, { other: one }, { other: one }).same);
  assert.ok(!reopened(true, { other: one }, { other: two }).same);
  assert.ok(!reopened(true, { other: one }, { other: one }, new Set([one])).same);
  assert.ok(!reopened(true, { anew: true }, { anew: true }).same);
  assert.ok(reopened(true, { replicated: true }, { replicated: true }, new Set([one])).same);
});

test("an end that is not asked for again is forgotten", () => {
  const memory = new ExchangeMemory();
  memory.end("wire", () => new End(1, false));
  memory.reopen(nobody, () => {});
  assert.equal(memory.save().size, 0);
  const anew = memory.reopen(nobody, () => memory.end("wire", () => new End(0, false)));
  assert.equal(anew.values[0], 0);
});

test("all ends are settled together, those within a part too", () => {
  const memory = new ExchangeMemory();
  const ends = [memory.end("a", () => new End(1, false)), memory.within("part").end("a", () => new End(2, true))];
  memory.commit();
  memory.rollback();
  for (const { log } of ends) assert.deepEqual(log, ["commit", "rollback"]);
  memory.within("part").commit();
  assert.deepEqual(
    ends.map(({ log }) => log.length),
    [2, 3],
  );
});

test("what was saved comes back under its names", () => {
  const open = (value: number) => {
    const memory = new ExchangeMemory();
    memory.end("a", () => new End(value, false));
    memory.within("part").end("a", () => new End(2 * value, true));
    return memory;
  };
  const [from, to] = [open(3), open(0)];
  assert.deepEqual([...from.save().keys()], ["a/private/error", "part/a/shared/estimate"]);
  to.restore(from.save());
  assert.deepEqual(to.save(), from.save());
});

test("a joiner takes over what is replicated, and nothing else", () => {
  const open = (value: number) => {
    const memory = new ExchangeMemory();
    memory.end("down", () => new End(value, true), { replicated: true });
    memory.end("up", () => new End(value, true), { other: one });
    memory.end("error", () => new End(value, false), { replicated: true });
    return memory;
  };
  const [from, to] = [open(3), open(0)];
  to.adopt(from.replicated());
  assert.deepEqual(
    [...to.save()].map(([name, [value]]) => [name, value]),
    [
      ["down/shared/estimate", 3],
      ["up/shared/estimate", 0],
      ["error/private/error", 0],
    ],
  );
});

test("a memory without another end that all members hold is carried to the next view, and downloaded by a joiner", () => {
  const open = (value: number) => {
    const memory = new ExchangeMemory();
    const rule = new End(value, false);
    memory.carry("rule", rule, { replicated: true });
    return { memory, rule };
  };
  const [from, to] = [open(3), open(0)];
  to.memory.adopt(from.memory.replicated());
  assert.equal(to.rule.values[0], 3);
  const next = new End(0, false);
  to.memory.reopen(new Set([one]), () => to.memory.carry("rule", next, { replicated: true }));
  assert.equal(next.values[0], 3);
});

test("an heir adds what an end that is gone had yet to say, as often as it is told", () => {
  const memory = new ExchangeMemory();
  memory.end("result", () => new End(1.5, false));
  const heir = new End(1, false);
  memory.reopen(nobody, () => memory.inherit("result", heir, 4));
  assert.equal(heir.values[0], 7);
  memory.reopen(nobody, () => memory.inherit("result", heir, 4));
  assert.equal(heir.values[0], 7, "it is handed over once");
});

test("vectors are kept by name as long as their length stays", () => {
  const memory = new ExchangeMemory();
  const sum = memory.vector("sum", 3);
  assert.equal(memory.vector("sum", 3), sum);
  assert.equal(memory.vector("sum", 4).length, 4);
});
