/**
 * Gathering: keeps the decoded vectors of a round, n·d entries of f32, until all are there, and lets a rule combine them.
 *
 * A message that does not decode to finite entries is left out: its sender is one of the faulty ones that the rule allows
 * for, so that a liar gains nothing by it. Every sender has a receiver of its own, and all count alike: how many rows a
 * liar has is its own word. With partial participation the rule sees those that take part.
 */
import { assert, ConfigError, NonFiniteError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Settled } from "../channels/channel.ts";
import { vector } from "../kernels/index.ts";
import type { Aggregation, AggregationSetup, Aggregator } from "./aggregator.ts";
import { decodes, endsOf, type NamedReceiver, receivers } from "./receivers.ts";
import type { OpenRule, Rule } from "./rule.ts";
import { toleranceWarnings } from "./tolerance.ts";

export const gathering = (rule: Rule): Aggregator => ({
  name: rule.name,
  rule,
  open: (setup) => new Gathering(rule, setup),
  warnings: (use) => [...toleranceWarnings(rule, use), ...(rule.warnings?.(use) ?? [])],
});

class Gathering implements Aggregation {
  readonly ends: ReadonlyMap<string, Settled>;
  readonly #rule: Rule;
  readonly #opened: OpenRule;
  readonly #receivers: readonly NamedReceiver[];
  readonly #buffers: readonly Float32Array[];
  #taken = 0;
  #gone = 0;
  #rng: Random | undefined;

  constructor(rule: Rule, setup: AggregationSetup) {
    const { senders, layout, keeper, replicated = false } = setup;
    const least = rule.least?.(0) ?? 1;
    if (senders.length < least) {
      throw new ConfigError(rule.name, { expected: `at least ${least} workers`, got: senders.length });
    }
    this.#rule = rule;
    this.#opened = rule.open(layout, senders.length);
    this.#receivers = receivers(setup);
    this.#buffers = senders.map((_, i) => keeper?.vector(`vector/${i}`, layout.length) ?? vector(layout.length));
    const { memory } = this.#opened;
    if (memory !== undefined) keeper?.carry("rule", memory, { replicated });
    this.ends = new Map([...endsOf(this.#receivers), ...(memory === undefined ? [] : [["rule", memory] as const])]);
  }

  begin(): void {
    this.#taken = 0;
    this.#gone = 0;
    this.#rng = undefined;
  }

  add(sender: number, message: Uint8Array, rng: Random): void {
    this.#rng ??= rng.split("aggregate");
    if (decodes(this.#receivers[sender]!, message, this.#buffers[this.#taken]!, rng)) this.#taken += 1;
    else this.#gone += 1;
  }

  /** @throws {NonFiniteError} if too few vectors are left */
  finish(out: Float32Array): void {
    const gone = this.#gone;
    const least = this.#rule.least?.(gone) ?? 1;
    if (this.#taken < least) {
      const hint = `${gone} of ${this.#taken + gone} messages did not decode to finite entries.`;
      throw new NonFiniteError(this.#rule.name, { expected: `at least ${least} vectors`, got: this.#taken, hint });
    }
    assert(this.#rng !== undefined, "a round has messages");
    this.#opened.combine(this.#buffers.slice(0, this.#taken), out, { gone, rng: this.#rng });
  }
}
