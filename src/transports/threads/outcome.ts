/** How a program in another thread ended, once that is known; what is said of it first holds. */
export class Outcome<T> {
  readonly settled: Promise<PromiseSettledResult<T>>;
  #known = false;
  #settle: (outcome: PromiseSettledResult<T>) => void = () => {};

  constructor() {
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get known(): boolean {
    return this.#known;
  }

  resolve(value: T): void {
    this.#known = true;
    this.#settle({ status: "fulfilled", value });
  }

  reject(reason: unknown): void {
    this.#known = true;
    this.#settle({ status: "rejected", reason });
  }
}
