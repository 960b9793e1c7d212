/**
 * PowerSGD: each matrix of the vector travels as two thin factors, found by one step of subspace iteration per round.
 *
 *     worker i:  M_i = G_i + e_i                     each matrix, n × m; Q is of the round before, m × r
 *     all:       P = mean M_i Q                      first exchange, with all other tensors as they are
 *                P ← orthonormal columns of P
 *                Q ← mean M_iᵀ P                     second exchange
 *     all:       out = P Qᵀ;   worker i:  e_i = M_i − P (M_iᵀ P)ᵀ
 *
 * Both products are linear in M, so any pattern that averages will do. What is left out is late, not lost:
 * mean M_i = out + mean e_i. P Pᵀ is a projection, hence ‖e_i‖ ≤ ‖M_i‖, and with r = min(n, m) out is the mean itself.
 * One step from an arbitrary Q has no better worst case, but Q, kept from round to round, turns towards the best rank r.
 *
 * A note is told in the first exchange, and a round that it undoes ends there; in the second all are silent. Nothing is
 * kept before both are over. The first Q is standard normal, from the job's seed, as is a column of it that became 0.
 * @see Vogels, Karimireddy & Jaggi 2019, "PowerSGD", arXiv:1905.13727
 */
import { assert, ConfigError } from "../base/errors.ts";
import { checkLength } from "../base/layout.ts";
import type { Peer } from "../ports/peer.ts";
import type { Round } from "../rounds/round.ts";
import { LowRank } from "./low-rank.ts";
import type { Exchange, Note, Pattern, PatternSettings } from "./pattern.ts";
import { PowerSgdMemory } from "./powersgd-memory.ts";

export interface PowerSgdOptions {
  /** r ≥ 1; min(n, m) where that is less. */
  readonly rank: number;
  /** Only matrices with n m > leastRate · r (n + m) are factored; default 2. */
  readonly leastRate?: number;
  /** Add to each vector what the last ones lacked; default true. */
  readonly feedback?: boolean;
}

/**
 * @param inner averages both factors, and tensors that are not factored
 * @throws {ConfigError} unless the rank is a positive integer and every worker takes part in every round
 */
export function powerSgd(inner: Pattern, options: PowerSgdOptions): Pattern {
  const { rank, leastRate = 2, feedback = true } = options;
  const name = `powersgd:rank=${rank}(${inner.name})`;
  if (!Number.isInteger(rank) || rank < 1) {
    throw new ConfigError(name, { expected: "a rank that is a positive integer", got: rank });
  }
  if (inner.partial === true) {
    throw new ConfigError(name, { expected: "a pattern in which all take part in every round", got: inner.name });
  }
  return {
    name,
    open(peer, layout, settings, memory) {
      const remembers = feedback && peer.view.workers.includes(peer.id);
      const start = () => new LowRank(layout, rank, leastRate, peer.rng.split("powersgd/start"));
      const own = memory.end("powersgd", () => new PowerSgdMemory(name, remembers ? layout.length : 0, start()), {
        replicated: true,
      });
      const { first, second } = own.matrices;
      return new PowerSgdEnd(peer, layout.length, settings, {
        name,
        memory: own,
        first: inner.open(peer, first, settings, memory.within("first")),
        second: second.length === 0 ? undefined : inner.open(peer, second, settings, memory.within("second")),
      });
    },
    uncompressedBytes: inner.uncompressedBytes,
  };
}

interface Parts {
  readonly name: string;
  readonly memory: PowerSgdMemory;
  readonly first: Exchange;
  /** Absent where no tensor is factored. */
  readonly second: Exchange | undefined;
}

class PowerSgdEnd implements Exchange {
  readonly #parts: Parts;
  readonly #peer: Peer;
  readonly #length: number;
  readonly #settings: PatternSettings;

  constructor(peer: Peer, length: number, settings: PatternSettings, parts: Parts) {
    this.#parts = parts;
    this.#peer = peer;
    this.#length = length;
    this.#settings = settings;
  }

  async average(
    own: Float32Array | null,
    out: Float32Array,
    round: Round,
    note: Note,
    answer?: (aggregate: Float32Array) => Float32Array,
  ): Promise<Note> {
    const { name, memory, first, second } = this.#parts;
    const { matrices } = memory;
    assert(answer === undefined, "factors of an aggregate cannot be answered with another vector");
    for (const x of own === null ? [out] : [own, out]) checkLength(x, this.#length, name);
    const m = await this.#codec("encode", () => {
      const compensated = memory.compensate(own);
      if (compensated !== null) matrices.project(compensated);
      if (second === undefined) memory.remember();
      return compensated;
    });
    const told = await first.average(m && matrices.own, matrices.mean, part(round, 0), note);
    if (told !== 0) return told;
    if (second !== undefined) {
      await this.#codec("encode", () => {
        matrices.factor(m);
        memory.remember();
      });
      if (memory.unit !== 1) second.rescale?.(memory.unit); // not before: a round undone in the first forgets it
      const late = await second.average(m && matrices.ownQ, matrices.nextQ, part(round, 1), 0);
      assert(late === 0, "in the second exchange all are silent");
    }
    await this.#codec("decode", () => {
      matrices.decode(out);
      matrices.refresh(this.#peer.rng.split(`powersgd/round/${round.number}`));
    });
    return 0;
  }

  #codec<T>(label: "encode" | "decode", body: () => T): Promise<T> {
    return this.#peer.work(label, this.#settings.codecCost, body);
  }

  rescale(factor: number): void {
    this.#parts.memory.rescale(factor);
    this.#parts.first.rescale?.(factor);
  }
}

/** One of the two exchanges within a round. */
const part = (round: Round, index: 0 | 1): Round => ({ ...round, part: 2 * (round.part ?? 0) + index });
