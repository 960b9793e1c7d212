/**
 * Generic Adam: Adam whose learning rate and weight of past squares follow their own schedules.
 *
 *     v_t = θ_t v_{t−1} + (1 − θ_t) g_t², v_0 = ε;   m_t = β m_{t−1} + (1 − β) g_t, m_0 = 0;   x ← x − α_t m_t/√v_t
 *     α_t = η t^{−s};   1 − θ_t = θ t^{−r}
 *
 * No bias correction. This power family converges if 0 < r ≤ 2s < 2, the general one under the conditions that
 * `checkGenericAdam` tests. A constant θ_t (r = 0: Adam, RMSProp) fails whatever s.
 * @see Zou, Shen, Jie, Zhang & Liu 2018, "A Sufficient Condition for Convergences of Adam and RMSProp", arXiv:1811.09358
 * @see Chen, Shen, Zou & Liu 2021, "Towards Practical Adam", arXiv:2101.05471
 */
import { ConfigError } from "../base/errors.ts";
import { pow } from "../base/maths.ts";
import { moveBy, plainScale } from "./adaptive.ts";
import { type BuildableEntry, defineOptimizer } from "./define.ts";
import { average, averageSquares } from "./elementwise.ts";
import type { Optimizer, OptimizerUse } from "./optimizer.ts";
import { number, weight } from "./options.ts";
import type { PipelineOptions } from "./pipeline.ts";
import { stateful } from "./stateful.ts";

export interface GenericAdamOptions {
  /** s of α_t = η t^{−s}. */
  readonly ratePower: number;
  /** θ in (0, 1) of 1 − θ_t = θ t^{−r}. */
  readonly theta: number;
  /** r. */
  readonly thetaPower: number;
  /** β in [0, 1). */
  readonly b1: number;
  /** v_0 > 0. */
  readonly eps: number;
}

export const genericAdamEntry: BuildableEntry<GenericAdamOptions> = defineOptimizer<GenericAdamOptions>({
  name: "generic-adam",
  summary: "Adam with schedules under which it provably converges",
  paper: "arXiv:1811.09358",
  law: "v ← θ_t v + (1 − θ_t) g², m ← β m + (1 − β) g, x ← x − η t^{−s} m/√v, 1 − θ_t = θ t^{−r}",
  options: {
    ratePower: number("s of η t^{−s}", 0.5, { min: 0 }),
    theta: number("θ of 1 − θ_t = θ t^{−r}", 0.9, { above: 0, below: 1 }),
    thetaPower: number("r of 1 − θ_t = θ t^{−r}", 1, { min: 0 }),
    b1: weight("β, of the average of gradients", 0.9),
    eps: number("v_0", 1e-8, { above: 0 }),
  },
  memory: 2,
  examples: ["generic-adam", "generic-adam:rate-power=0,theta=0.001,theta-power=0"],
  open({ ratePower, theta, thetaPower, b1, eps }, { length }, make) {
    const m = make(length);
    const v = make(length).fill(eps);
    return stateful("generic-adam", { m, v }, (params, gradient, learningRate, t) => {
      averageSquares(1 - theta * pow(t, -thetaPower), gradient, v);
      average(b1, gradient, m);
      moveBy(plainScale(learningRate * pow(t, -ratePower), 0), m, v, params);
    });
  },
  warnings,
});

/** @throws {ConfigError} if an option is out of range */
export const genericAdam: (options?: Partial<GenericAdamOptions & PipelineOptions>) => Optimizer =
  genericAdamEntry.build;

function warnings(
  { ratePower: s, theta, thetaPower: r, b1 }: GenericAdamOptions,
  { rounds }: OptimizerUse,
): readonly string[] {
  const last = 1 - theta * pow(rounds, -r);
  return [
    ...(powerFamilyConverges(r, s)
      ? []
      : [`generic-adam: it converges where 0 < r ≤ 2s < 2, not with r = ${r}, s = ${s}`]),
    ...(b1 * b1 < last
      ? []
      : [`generic-adam: its analysis needs β² below θ_T = ${last.toPrecision(3)}, not ${(b1 * b1).toPrecision(3)}`]),
  ];
}

/**
 * Whether α_t = η t^{−s}, 1 − θ_t = θ t^{−r} satisfies the conditions: 0 < r ≤ 2s < 2. The rate is then O(T^{−r/2}) where
 * r/2 + s < 1, O(log T/T^{1−s}) where it is 1, and O(T^{−(1−s)}) beyond.
 */
export const powerFamilyConverges = (r: number, s: number): boolean => 0 < r && r <= 2 * s && 2 * s < 2;

export interface GenericAdamCheck {
  /** 0 ≤ β_t < 1 for all t. */
  readonly c1: boolean;
  /** 0 < θ_t < 1, and θ_t never falls. */
  readonly c2: boolean;
  /** max χ_t/min_{s ≤ t} χ_s with χ_t = α_t/√(1 − θ_t): 1 where χ never grows. */
  readonly c3Factor: number;
  /** R(T) = Σ_{t ≤ T} α_t √(1 − θ_t)/(T α_T), which must vanish, at T/100, T/10 and T. */
  readonly bound: readonly [number, number, number];
  readonly verdict: "pass" | "fail" | "C3 suspect" | "C4 suspect";
}

type Sequence = (t: number) => number;

/**
 * Tests the sufficient condition of Generic Adam over t = 1 … T: C1 and C2 in full; C3 is suspect where its factor grows
 * by more than half in the last nine tenths, C4 where R(T) > 0.7 R(T/10). That is strict for small r:
 * `powerFamilyConverges` decides the power family.
 * @param rounds T ≥ 100
 * @throws {ConfigError} for fewer
 */
export function checkGenericAdam(alpha: Sequence, theta: Sequence, beta: Sequence, rounds: number): GenericAdamCheck {
  if (!(rounds >= 100)) throw new ConfigError("checkGenericAdam", { expected: "at least 100 rounds", got: rounds });
  const marks = [Math.floor(rounds / 100), Math.floor(rounds / 10), rounds];
  const bounds: number[] = [];
  const factors: number[] = [];
  let [c1, c2, sum, lowest, factor, before] = [true, true, 0, Number.POSITIVE_INFINITY, 1, 0];
  for (let t = 1; t <= rounds; t++) {
    const past = theta(t);
    c1 &&= beta(t) >= 0 && beta(t) < 1;
    c2 &&= past > 0 && past < 1 && past >= before;
    before = past;
    const root = Math.sqrt(1 - past);
    lowest = Math.min(lowest, alpha(t) / root);
    factor = Math.max(factor, alpha(t) / root / lowest);
    sum += alpha(t) * root;
    if (!marks.includes(t)) continue;
    bounds.push(sum / (t * alpha(t)));
    factors.push(factor);
  }
  const bound = [bounds[0]!, bounds[1]!, bounds[2]!] as const;
  const c3 = factors[2]! <= 1.5 * factors[1]!;
  const c4 = bound[2] <= 0.7 * bound[1];
  const verdict = !(c1 && c2) ? "fail" : !c3 ? "C3 suspect" : !c4 ? "C4 suspect" : "pass";
  return { c1, c2, c3Factor: factor, bound, verdict };
}
