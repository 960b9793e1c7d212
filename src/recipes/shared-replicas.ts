/**
 * Shared replicas: where many peers live in one process, those that hold equal parameters share them. Whoever takes a step
 * first takes it for all that take the same one from the same parameters; the others' is found, not computed.
 *
 *     step(x, d, γ) is a function of its arguments:  equal x, d and γ, bit for bit, give equal results
 *
 * Nothing is assumed to be equal: results are compared. A peer that differs goes on by itself.
 */
import { vector } from "../kernels/index.ts";
import type { Averager } from "../optimizers/averaging/averaging.ts";
import type { Stepper } from "../optimizers/optimizer.ts";

/** Parameters and all that follows from them and from what changed them. */
export interface Replica {
  readonly params: Float32Array;
  readonly stepper: Stepper;
  readonly averager: Averager | undefined;
}

interface Step {
  readonly result: Float32Array;
  readonly rate: number;
  readonly to: Replica;
}

export class SharedReplicas {
  #first: Float32Array | undefined;
  /** The last step that was taken from a replica. */
  readonly #steps = new Map<Replica, Step>();
  /** Peers that hold it, and the step that leads to it: whoever is behind may still take that. */
  readonly #holders = new Map<Replica, number>();
  readonly #starts = new Map<Float32Array, Replica>();
  readonly #spares: Replica[] = [];
  readonly #results: Float32Array[] = [];

  /** The parameters with which all begin. */
  initial(length: number, init: (params: Float32Array) => void): Float32Array {
    if (this.#first === undefined) {
      this.#first = vector(length);
      init(this.#first);
    }
    return this.#first;
  }

  /** A peer begins with these parameters. @param open what else belongs to a replica */
  begin(params: Float32Array, open: (params: Float32Array) => Replica): Replica {
    const replica = this.#starts.get(params) ?? open(params);
    this.#starts.set(params, replica);
    this.#hold(replica);
    return replica;
  }

  /**
   * A peer steps. @param take the step, in place @param open a replica of its own
   * @returns the replica that it holds from now on, in place of `from`
   */
  step(
    from: Replica,
    { result, rate }: { result: Float32Array; rate: number },
    { take, open }: { take(replica: Replica): void; open(params: Float32Array): Replica },
  ): Replica {
    let step = this.#steps.get(from);
    if (step === undefined || step.rate !== rate || !sameBits(step.result, result)) {
      const to = this.#spares.pop() ?? open(vector(from.params.length));
      copyInto(to, from);
      take(to);
      const kept = this.#results.pop() ?? vector(result.length);
      kept.set(result);
      this.#forget(from);
      step = { result: kept, rate, to };
      this.#steps.set(from, step);
      this.#hold(to);
    }
    this.#hold(step.to);
    this.#release(from);
    return step.to;
  }

  #hold(replica: Replica): void {
    this.#holders.set(replica, (this.#holders.get(replica) ?? 0) + 1);
  }

  #release(replica: Replica): void {
    const left = this.#holders.get(replica)! - 1;
    this.#holders.set(replica, left);
    if (left > 0) return;
    this.#holders.delete(replica);
    this.#spares.push(replica);
    this.#forget(replica);
  }

  /** The last step from a replica is not to be found any more. */
  #forget(from: Replica): void {
    const step = this.#steps.get(from);
    if (step === undefined) return;
    this.#steps.delete(from);
    this.#results.push(step.result);
    this.#release(step.to);
  }
}

function sameBits(x: Float32Array, y: Float32Array): boolean {
  const a = new Int32Array(x.buffer, x.byteOffset, x.length);
  const b = new Int32Array(y.buffer, y.byteOffset, y.length);
  let different = 0;
  for (let j = 0; j < a.length; j++) different |= a[j]! ^ b[j]!;
  return different === 0;
}

function copyInto(to: Replica, from: Replica): void {
  to.params.set(from.params);
  const state = from.stepper.save();
  if (state.size > 0) to.stepper.restore(state);
  if (from.averager !== undefined) to.averager?.restore(from.averager.save());
}
