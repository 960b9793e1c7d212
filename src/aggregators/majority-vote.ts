/**
 * Majority vote: out_j = sign(Σ_i sign(x_ij)), a vote of the workers on each coordinate.
 *
 * sign(0) = 0: an entry of 0 abstains. A tie becomes +1 (`plus`, the default), 0 (`zero`: the way down must carry zeros),
 * +1 or −1 by the round's randomness (`random`), or what it was in the last decided round, +1 in the first (`previous`).
 * Votes are counted in f32, exact for up to 2²⁴ workers; one vector of memory, one or two more with `previous`.
 *
 * With unimodal symmetric gradient noise it withstands fewer than n/2 workers that turn their signs. Where workers hold
 * different data the vote can point the wrong way for ever: f = 4x, −x, −x.
 * @see Bernstein, Wang, Azizzadenesheli & Anandkumar 2018, "signSGD", arXiv:1802.04434
 * @see Bernstein, Zhao, Azizzadenesheli & Anandkumar 2018, arXiv:1810.05291
 */
import { NonFiniteError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { checkArguments, lookUp } from "../base/spec.ts";
import type { Settled } from "../channels/channel.ts";
import { vector } from "../kernels/index.ts";
import type { Aggregation, AggregationSetup, Aggregator } from "./aggregator.ts";
import type { AggregatorEntry } from "./entry.ts";
import { decodes, endsOf, type NamedReceiver, receivers } from "./receivers.ts";
import { Remembered } from "./remembered.ts";
import { minority, toleranceWarnings } from "./tolerance.ts";

const TIES = ["plus", "zero", "random", "previous"] as const;
export type Ties = (typeof TIES)[number];

export function majorityVote({ ties = "plus" }: { readonly ties?: Ties } = {}): Aggregator {
  const name = ties === "plus" ? "majority-vote" : `majority-vote:ties=${ties}`;
  return {
    name,
    open: (setup) => new Vote(name, ties, setup),
    warnings: (use) => [
      ...toleranceWarnings({ name, tolerates: minority }, use),
      ...(use.skewed ? [`${name}: where workers hold different data, the vote can point the wrong way for ever`] : []),
    ],
  };
}

/** Without branches, which random signs mislead: 3 ns an entry, Math.sign takes 8. */
const signOf = (x: number): number => Number(x > 0) - Number(x < 0);

class Vote implements Aggregation {
  readonly ends: ReadonlyMap<string, Settled>;
  readonly #name: string;
  readonly #ties: Ties;
  readonly #receivers: readonly NamedReceiver[];
  readonly #decoded: Float32Array;
  readonly #last: Remembered | undefined;
  #voters = 0;
  #rng: Random | undefined;

  constructor(name: string, ties: Ties, setup: AggregationSetup) {
    const { layout, keeper, replicated = false } = setup;
    this.#name = name;
    this.#ties = ties;
    this.#receivers = receivers(setup);
    this.#decoded = keeper?.vector("decoded", layout.length) ?? vector(layout.length);
    this.#last = ties === "previous" ? new Remembered(layout.length, 1, name) : undefined;
    if (this.#last !== undefined) keeper?.carry("rule", this.#last, { replicated });
    this.ends = new Map([...endsOf(this.#receivers), ...(this.#last ? [["rule", this.#last] as const] : [])]);
  }

  begin(out: Float32Array): void {
    out.fill(0);
    this.#voters = 0;
    this.#rng = undefined;
  }

  add(sender: number, message: Uint8Array, rng: Random, out: Float32Array): void {
    this.#rng ??= rng.split("aggregate");
    const x = this.#decoded;
    if (!decodes(this.#receivers[sender]!, message, x, rng)) return;
    this.#voters += 1;
    for (let j = 0; j < out.length; j++) out[j]! += signOf(x[j]!);
  }

  /** @throws {NonFiniteError} if no message decoded */
  finish(out: Float32Array): void {
    if (this.#voters === 0) throw new NonFiniteError(this.#name, { expected: "at least one vote", got: "none" });
    for (let j = 0; j < out.length; j++) out[j] = signOf(out[j]!) || this.#tie(j);
    this.#last?.propose(out);
  }

  #tie(j: number): number {
    if (this.#ties === "zero") return 0;
    if (this.#ties === "random") return (this.#rng!.u32(j) & 1) === 0 ? 1 : -1;
    return this.#last?.values[j] ?? 1;
  }
}

export const majorityVoteEntry: AggregatorEntry = {
  name: "majority-vote",
  summary: "each coordinate goes the way that most workers' signs point",
  paper: "arXiv:1802.04434",
  law: "sign(Σ sign(x_i)); safe from f < n/2 where noise is symmetric and unimodal",
  options: [{ name: "ties=plus|zero|random|previous", meaning: "what an even split becomes; plus (default) is +1" }],
  examples: ["majority-vote", ...TIES.slice(1).map((ties) => `majority-vote:ties=${ties}`)],
  parse(spec, where) {
    checkArguments(spec, where, 0, ["ties"]);
    const known = new Map<string, Ties>(TIES.map((ties) => [ties, ties]));
    return majorityVote({ ties: lookUp(known, spec.options.get("ties") ?? "plus", `${where}: ties`, "one of") });
  },
};
