import { checkLength } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import { kernels, vector } from "../kernels/index.ts";
import type { Receiver, SavedChannel } from "./channel.ts";
import { checkReceived, MessageBuffer } from "./ends.ts";
import type { Change, Estimate } from "./estimate.ts";

/** How one who holds this estimate is to read a message. @throws {CorruptError} */
export type Reader = (message: Uint8Array, estimate: Estimate) => Change;

/** Receives r = h + c; h changes on commit. */
export class EstimateReceiver implements Receiver {
  readonly #estimate: Estimate;
  readonly #read: Reader;
  readonly #buffer: MessageBuffer;
  readonly #length: number;
  readonly #where: string;
  /** For r, which is looked at before it reaches anyone. */
  readonly #received: Float32Array;

  /** @param received scratch of d entries, which several receivers may share */
  constructor(
    estimate: Estimate,
    read: Reader,
    maxBytes: number,
    where: string,
    received: Float32Array = vector(estimate.values.length),
  ) {
    this.#estimate = estimate;
    this.#read = read;
    this.#length = estimate.values.length;
    this.#where = where;
    this.#buffer = new MessageBuffer(maxBytes, this.#length, where);
    this.#received = received;
  }

  decode(message: Uint8Array, out: Float32Array, rng: Random): void {
    checkLength(out, this.#length, this.#where);
    out.set(this.#receive(message, rng));
  }

  decodeAdd(message: Uint8Array, out: Float32Array, weight: number, rng: Random): void {
    checkLength(out, this.#length, this.#where);
    kernels.axpy(weight, this.#receive(message, rng), out);
  }

  #receive(message: Uint8Array, rng: Random): Float32Array {
    this.#estimate.rollback(); // a message that does not decode leaves no round in flight
    const change = this.#read(this.#buffer.copy(message), this.#estimate);
    this.#estimate.add(change, this.#received, rng);
    checkReceived(this.#received, this.#where);
    this.#estimate.propose(change, rng);
    return this.#received;
  }

  commit(): void {
    this.#estimate.commit();
  }

  rollback(): void {
    this.#estimate.rollback();
  }

  save(): SavedChannel {
    return this.#estimate.save();
  }

  restore(saved: SavedChannel): void {
    this.#estimate.restore(saved);
  }
}
