/**
 * The receiving ends of n mirrored wires in one: of their estimates only the mean h̄ is kept, one vector and not n.
 *
 *     r = h̄ + w Σ c_i;   h̄ ← h̄ + (1/n) Σ α c_i
 *
 * h̄ is the mean of the senders' estimates as long as each message counts once, up to rounding: it mirrors nothing. The
 * share of a sender in h̄ advances by 1/n of its message also where w is 1/(pn): with 1/(pn) it would be no mean.
 */
import { checkLength } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import { copyOf, type NamedVectors } from "../base/state.ts";
import { ByteSource } from "../coding/bytes.ts";
import { kernels, vector } from "../kernels/index.ts";
import type { Collector, SavedChannel } from "./channel.ts";
import { checkReceived, restoreMirrored } from "./ends.ts";
import { type Stages, stageOf } from "./stages.ts";

export interface MeanCollectorOptions {
  readonly senders: number;
  readonly length: number;
  /** w */
  readonly weight: (senders: number, expected: number) => number;
  readonly where: string;
}

export class MeanCollector implements Collector {
  readonly #stages: Stages;
  readonly #options: MeanCollectorOptions;
  /** h̄ of the last committed round. */
  readonly #mean: Float32Array;
  /** w Σ c_i of the round in flight. */
  readonly #sum: Float32Array;
  /** The part of first messages in it, apart where their α is another one. */
  readonly #firsts: Float32Array;
  /** For each sender, 1 once its first message was committed. */
  readonly #begun: Float32Array;
  readonly #vectors: NamedVectors;
  readonly #heard = new Set<number>();
  #weight = 0;
  #inFlight = false;

  constructor(stages: Stages, options: MeanCollectorOptions) {
    const { first, later } = stages;
    this.#stages = stages;
    this.#options = options;
    this.#mean = vector(options.length);
    this.#sum = vector(options.length);
    this.#firsts = first.alpha === later.alpha ? this.#sum : vector(options.length);
    this.#begun = new Float32Array(options.senders);
    this.#vectors = new Map([["mean", this.#mean], ...(first === later ? [] : [["begun", this.#begun] as const])]);
  }

  begin(out: Float32Array, expected: number): void {
    const { senders, length, weight, where } = this.#options;
    checkLength(out, length, where);
    out.set(this.#mean);
    this.#sum.fill(0);
    this.#firsts.fill(0);
    this.#heard.clear();
    this.#weight = weight(senders, expected);
    this.#inFlight = true;
  }

  add(sender: number, message: Uint8Array, _out: Float32Array, rng: Random): void {
    const begun = this.#begun[sender] !== 0;
    const { codec } = stageOf(this.#stages, begun);
    const source = new ByteSource(message, this.#options.where);
    codec.decodeAdd(source, begun ? this.#sum : this.#firsts, this.#weight, rng);
    this.#heard.add(sender);
  }

  finish(out: Float32Array): void {
    kernels.add(this.#mean, this.#sum, out);
    if (this.#firsts !== this.#sum) kernels.add(out, this.#firsts, out);
    checkReceived(out, this.#options.where);
  }

  commit(): void {
    if (!this.#inFlight) return;
    const { first, later } = this.#stages;
    const share = 1 / (this.#options.senders * this.#weight); // 1/n each, where w was counted
    kernels.axpy(share * later.alpha, this.#sum, this.#mean);
    if (this.#firsts !== this.#sum) kernels.axpy(share * first.alpha, this.#firsts, this.#mean);
    for (const sender of this.#heard) this.#begun[sender] = 1;
    this.#inFlight = false;
  }

  rollback(): void {
    this.#inFlight = false;
  }

  save(): SavedChannel {
    return { shared: copyOf(this.#vectors), private: new Map() };
  }

  restore(saved: SavedChannel): void {
    restoreMirrored(this.#vectors, saved, this.#options.where);
    this.#inFlight = false;
  }
}
