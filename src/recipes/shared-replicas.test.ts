import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { flatLayout } from "../base/layout.ts";
import { sgd } from "../optimizers/sgd.ts";
import { type Replica, SharedReplicas } from "./shared-replicas.ts";

const LENGTH = 3;
const open = (params: Float32Array): Replica => ({
  params,
  stepper: sgd(0.5).open(flatLayout(LENGTH)),
  averager: undefined,
});

const step = (shared: SharedReplicas, from: Replica, result: Float32Array, rate: number): Replica =>
  shared.step(from, { result, rate }, { take: ({ params, stepper }) => stepper.step(params, result, rate), open });

test("peers that share have the bits that each would have alone, whoever gets another result", () => {
  const result = fc.float32Array({ minLength: LENGTH, maxLength: LENGTH, noNaN: true, max: 8, min: -8 });
  const peers = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(peers, fc.array(fc.tuple(result, result, fc.nat(5)), { maxLength: 6 }), (n, rounds) => {
      const shared = new SharedReplicas();
      const init = (params: Float32Array) => void params.fill(1);
      const together = Array.from({ length: n }, () => shared.begin(shared.initial(LENGTH, init), open));
      const alone = together.map(() => open(Float32Array.of(1, 1, 1)));
      for (const [usual, other, odd] of rounds) {
        for (let i = 0; i < n; i++) {
          const heard = i === odd ? other : usual;
          together[i] = step(shared, together[i]!, heard, 0.25);
          alone[i]!.stepper.step(alone[i]!.params, heard.slice(), 0.25);
          assert.deepEqual(together[i]!.params, alone[i]!.params, `peer ${i}`);
        }
      }
    }),
  );
});

test("peers that hear the same hold one replica, and replicas that nobody holds are used again", () => {
  const shared = new SharedReplicas();
  let held = Array.from({ length: 100 }, () =>
    shared.begin(
      shared.initial(LENGTH, () => {}),
      open,
    ),
  );
  const seen = new Set(held);
  for (let round = 0; round < 20; round++) {
    held = held.map((replica) => step(shared, replica, Float32Array.of(round, 1, -0), 1));
    for (const replica of held) seen.add(replica);
    assert.equal(new Set(held).size, 1);
  }
  assert.ok(seen.size <= 2, `${seen.size} replicas`);
});

test("a peer that is rounds behind the others takes the steps that they took, from where it is", () => {
  const shared = new SharedReplicas();
  const begin = () =>
    shared.begin(
      shared.initial(LENGTH, (params) => void params.fill(100)),
      open,
    );
  let [ahead, behind] = [begin(), begin()];
  const results = [1, 2, 3, 4].map((value) => new Float32Array(LENGTH).fill(value));
  for (const result of results) ahead = step(shared, ahead, result, 1);
  const alone = open(Float32Array.of(100, 100, 100));
  for (const [r, result] of results.entries()) {
    behind = step(shared, behind, result, 1);
    alone.stepper.step(alone.params, result.slice(), 1);
    assert.deepEqual(behind.params, alone.params, `after round ${r}`);
  }
  assert.equal(behind, ahead);
});
