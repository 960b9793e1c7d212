/**
 * Counts the calls under way, so that memory is freed only when none is.
 */
import { ModelError } from "../base/errors.ts";

export class Calls {
  readonly #free: () => void | Promise<void>;
  readonly #running = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  /** @param free is called once, after the last call has ended */
  constructor(free: () => void | Promise<void>) {
    this.#free = free;
  }

  /** @throws {ModelError} after `close` */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw new ModelError("model", { expected: "an open model", got: "a closed one" });
    const result = call();
    this.#running.add(result);
    try {
      return await result;
    } finally {
      this.#running.delete(result);
    }
  }

  /** Waits for running calls, then frees; again and again the same. */
  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#running).then(() => this.#free());
    return this.#closed;
  }
}
