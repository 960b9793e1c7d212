/**
 * The contract of every optimizer. An implementation runs it in one line:
 *
 *     optimizerContract("adam:decay=0.01");
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CheckpointError, NonFiniteError } from "../base/errors.ts";
import { layoutOf } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { scalarsToVector } from "../base/state.ts";
import type { MakeVector, Optimizer, Real, Stepper } from "./optimizer.ts";
import { parseOptimizer } from "./registry.ts";
import { f32, f64 } from "./trajectories.contract.ts";

const layout = layoutOf([
  ["weights", [3, 3]],
  ["bias", [2]],
]);
const rng = Random.fromSeed(7).split("optimizer contract");
const RATE = 0.01;

/** f = ½ Σ (x_i − ½)². */
function loss(x: Real): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i]! - 0.5) ** 2 / 2;
  return sum;
}

/** A run on f under noise, which depends on the step alone. */
class Run {
  readonly stepper: Stepper;
  readonly params: Real;
  readonly gradient: Real;

  constructor(optimizer: Optimizer, make: MakeVector) {
    this.stepper = optimizer.open(layout, make);
    this.params = make(layout.length);
    this.gradient = make(layout.length);
    for (let i = 0; i < layout.length; i++) this.params[i] = (i + 1) / 7;
  }

  /** Steps `from` to below `to`. */
  go(from: number, to: number): this {
    for (let t = from; t < to; t++) {
      const noise = rng.split(`step/${t}`);
      for (let i = 0; i < layout.length; i++) this.gradient[i] = this.params[i]! - 1 + noise.uniform(i);
      this.stepper.step(this.params, this.gradient, RATE, loss);
    }
    return this;
  }

  state(): unknown {
    return [this.params, this.stepper.save(), this.stepper.iterate?.(this.params)];
  }
}

export function optimizerContract(spec: string): void {
  const optimizer = parseOptimizer(spec, "contract");

  describe(`optimizer ${spec}`, () => {
    test("its name is a spec of itself", () => {
      assert.equal(parseOptimizer(optimizer.name, "contract").name, optimizer.name);
    });

    for (const [precision, make] of [
      ["f32", f32],
      ["f64", f64],
    ] as const) {
      test(`continues bit for bit from any saved state in ${precision}`, () => {
        for (const saved of [0, 1, 4, 7]) {
          const first = new Run(optimizer, make).go(0, saved);
          const second = new Run(optimizer, make).go(0, 2); // whatever it holds gives way
          second.stepper.restore(first.stepper.save());
          second.params.set(first.params);
          assert.deepEqual(second.state(), first.state());
          assert.deepEqual(second.go(saved, 9).state(), first.go(saved, 9).state());
        }
      });
    }

    test("what was saved does not change with later steps", () => {
      const run = new Run(optimizer, f32).go(0, 3);
      const saved = run.stepper.save();
      const copy = structuredClone(saved);
      run.go(3, 6);
      assert.deepEqual(saved, copy);
    });

    test("moves parameters, and keeps them finite", () => {
      const run = new Run(optimizer, f32);
      const start = run.params.slice();
      run.go(0, 50);
      assert.notDeepEqual(run.params, start);
      assert.ok(run.params.every(Number.isFinite), `${run.params}`);
    });

    test("keeps as many vectors of d entries as it says", () => {
      let made = 0;
      const run = new Run(optimizer, f32);
      optimizer.open(layout, (length) => {
        if (length === layout.length) made += 1;
        return f32(length);
      });
      assert.equal(made, optimizer.memory);
      const saved = [...run.stepper.save().values()].filter(({ length }) => length === layout.length);
      assert.ok(saved.length <= made, `${saved.length} are saved`);
    });

    test("a gradient that is not finite is refused, or skipped if so asked, and nothing changes", () => {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const run = new Run(optimizer, f32).go(0, 3);
        const before = structuredClone(run.state());
        run.gradient.fill(0);
        run.gradient[5] = bad;
        assert.throws(() => run.stepper.step(run.params, run.gradient, RATE, loss), NonFiniteError);
        assert.deepEqual(run.state(), before);
        const lenient = parseOptimizer(`${spec}${spec.includes(":") ? "," : ":"}non-finite=skip`, "contract");
        const other = lenient.open(layout, f32);
        other.restore(run.stepper.save());
        assert.deepEqual(other.step(run.params, run.gradient, RATE, loss), { skipped: 1 });
        assert.deepEqual([run.params, other.save(), other.iterate?.(run.params)], before);
      }
    });

    test("a state of other names, lengths or counts is refused, and nothing changes", () => {
      const run = new Run(optimizer, f32).go(0, 3);
      const before = structuredClone(run.state());
      const saved = run.stepper.save();
      const wrong = [new Map([...saved, ["stranger", new Float32Array(1)]])];
      for (const [name, vector] of saved) {
        wrong.push(new Map([...saved, [name, new Float32Array(vector.length + 1)]]));
        wrong.push(new Map([...saved].filter(([other]) => other !== name)));
      }
      if (saved.has("scalars")) {
        const scalars = saved.get("scalars")!.slice();
        scalars.set(scalarsToVector([-1]));
        wrong.push(new Map([...saved].map(([name, vector]) => [name, name === "scalars" ? scalars : vector.fill(9)])));
      }
      for (const state of wrong) assert.throws(() => run.stepper.restore(state), CheckpointError);
      assert.deepEqual(run.state(), before);
    });
  });
}
