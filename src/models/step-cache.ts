/**
 * Compiled steps by number of rows: made at the first use; of many, the least recently used are closed once idle.
 */

/** Batch sizes kept: the usual one, a last smaller one, and a few of other data sets. */
const KEPT = 6;

interface Closable {
  close(): Promise<void>;
}

interface Entry<Step> {
  readonly step: Promise<Step>;
  users: number;
}

export class StepCache<Step extends Closable> {
  readonly #make: (rows: number) => Promise<Step>;
  /** In the order of their last use. */
  readonly #entries = new Map<number, Entry<Step>>();

  constructor(make: (rows: number) => Promise<Step>) {
    this.#make = make;
  }

  /** Calls `call` with the step for `rows`, which stays open meanwhile. Rejects if the step cannot be made. */
  async use<T>(rows: number, call: (step: Step) => T | Promise<T>): Promise<T> {
    const entry = this.#entries.get(rows) ?? { step: this.#make(rows), users: 0 };
    this.#entries.delete(rows);
    this.#entries.set(rows, entry);
    entry.users += 1;
    try {
      return await call(await this.#made(rows, entry));
    } finally {
      entry.users -= 1;
      await this.#closeIdle();
    }
  }

  /** Closes all steps; none may be in use. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(async ({ step }) => (await step).close()));
  }

  async #made(rows: number, entry: Entry<Step>): Promise<Step> {
    try {
      return await entry.step;
    } catch (error) {
      if (this.#entries.get(rows) === entry) this.#entries.delete(rows);
      throw error;
    }
  }

  async #closeIdle(): Promise<void> {
    const surplus = this.#entries.size - KEPT;
    const idle = [...this.#entries].filter(([, { users }]) => users === 0).slice(0, Math.max(0, surplus));
    for (const [rows] of idle) this.#entries.delete(rows);
    await Promise.all(idle.map(async ([, { step }]) => (await step).close()));
  }
}
