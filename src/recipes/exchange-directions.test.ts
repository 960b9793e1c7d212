import assert from "node:assert/strict";
import { test } from "node:test";
import { PeerLost } from "../base/errors.ts";
import { flatLayout } from "../base/layout.ts";
import { seconds } from "../base/units.ts";
import { sgd } from "../optimizers/sgd.ts";
import type { Exchange, Pattern } from "../patterns/pattern.ts";
import type { Model } from "../ports/model.ts";
import { simulate } from "../simulation/simulate.ts";
import { exchangeDirections } from "./exchange-directions.ts";
import type { Learner } from "./method.ts";

const LENGTH = 2;
const nobody: ReadonlySet<never> = new Set();

interface Trial {
  readonly learner: Learner;
  /** Whether the next rounds lose a peer. */
  loses: boolean;
  /** Local work that counted. */
  commits: number;
  /** Changes of the unit. */
  readonly factors: number[];
}

/** One peer that steps with a rate of 2^−round. */
async function tried(trial: (trial: Trial) => Promise<void>): Promise<void> {
  await simulate({ view: 1, seed: 1 }, async (peer) => {
    const exchange: Exchange = {
      average: () =>
        state.loses ? Promise.reject(new PeerLost("test", { expected: "peer 1", got: "none" })) : Promise.resolve(0),
      rescale: (factor) => state.factors.push(factor),
    };
    const pattern: Pattern = { name: "test", open: () => exchange, uncompressedBytes: () => assert.fail() };
    const method = exchangeDirections("test", pattern, {
      local: () => ({
        at: () => Promise.resolve({ loss: 0, direction: new Float32Array(LENGTH) }),
        commit: () => {
          state.commits += 1;
        },
        save: () => new Map(),
        restore: () => {},
      }),
      optimizer: () => sgd(0),
    });
    const model: Model = {
      name: "none",
      engine: "analytic",
      layout: flatLayout(LENGTH),
      init: () => {},
      gradient: () => Promise.resolve(0),
      evaluate: () => Promise.resolve({ loss: 0 }),
      close: () => Promise.resolve(),
    };
    const learner = method.open({
      peer,
      model,
      batches: { at: () => assert.fail() },
      params: new Float32Array(LENGTH),
      settings: {
        learningRate: 1,
        schedule: (round) => 2 ** -round,
        momentum: { factor: 0, at: "worker" },
        stepCost: seconds(0),
        codecCost: seconds(0),
      },
    });
    const state: Trial = { learner, loses: false, commits: 0, factors: [] };
    await trial(state);
  });
}

const step = (learner: Learner, number: number) => learner.step({ number, attempt: 0 }, 0);

test("local work of a round in flight counts if the round was decided, and not if it was made again without it", () =>
  tried(async (trial) => {
    const { learner } = trial;
    trial.loses = true;
    await assert.rejects(step(learner, 3), PeerLost);
    learner.settle(3);
    learner.regroup(nobody, []);
    learner.settle(4);
    assert.equal(trial.commits, 0);
    await assert.rejects(step(learner, 4), PeerLost);
    learner.settle(5);
    assert.equal(trial.commits, 1);
    learner.settle(5);
    assert.equal(trial.commits, 1);
  }));

test("what a peer remembers is in units of its own last round, whoever gives it the state", () =>
  tried(async (trial) => {
    const { learner } = trial;
    await step(learner, 1);
    const replica = learner.replica();
    await step(learner, 2);
    await step(learner, 3);
    learner.adopt(replica);
    await step(learner, 4);
    assert.deepEqual(trial.factors, [2, 2, 2]);
  }));
