/**
 * Collects young garbage as bytes cross the sockets. Every byte passes half a dozen buffers outside V8's heap, with hardly an
 * object beside them: the young generation fills slowly, and V8 counts up to its limit of outside memory, which makes it mark
 * the whole heap. Half of a busy node's time went there; a young collection takes half a millisecond.
 */
/** Bytes between two collections. */
const EVERY_BYTES = 4 * 2 ** 20;

export class YoungGarbage {
  readonly #collect: Collect | undefined;
  #bytes = 0;

  constructor(collect: Collect | undefined = collector()) {
    this.#collect = collect;
  }

  /** So many bytes have crossed. */
  crossed(count: number): void {
    this.#bytes += count;
    if (this.#bytes < EVERY_BYTES) return;
    this.#bytes = 0;
    this.#collect?.({ type: "minor" });
  }
}

export type Collect = (options: { readonly type: "minor" }) => void;

/** A young collection, at once. Undefined where this is not Node. */
export function collector(): Collect | undefined {
  const v8 = globalThis.process?.getBuiltinModule?.("node:v8");
  const vm = globalThis.process?.getBuiltinModule?.("node:vm");
  if (v8 === undefined || vm === undefined) return undefined;
  v8.setFlagsFromString("--expose-gc"); // seen by contexts made from here on
  try {
    const found: unknown = vm.runInNewContext("typeof gc === 'function' ? gc : undefined");
    return typeof found === "function" ? (found as Collect) : undefined; // V8's own
  } finally {
    v8.setFlagsFromString("--no-expose-gc");
  }
}
