/**
 * Collects young garbage as bytes cross the sockets. Every byte passes half a dozen buffers outside V8's heap, with hardly an
 * object beside them: the young generation fills slowly, and V8 counts up to its limit of outside memory, which makes it mark
 * the whole heap. Half of a busy node's time went there; a young collection takes half a millisecond.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes between two collections. */
const EVERY_BYTES = 4 * 2 ** 20;

export class YoungGarbage {
  readonly #collect = collector();
  #bytes = 0;

  /** So many bytes have crossed. */
  crossed(count: number): void {
    this.#bytes += count;
    if (this.#bytes < EVERY_BYTES) return;
    this.#bytes = 0;
    this.#collect?.({ type: "minor" });
  }
}

type Collect = (options: { readonly type: "minor" }) => void;

/** Undefined in an engine that has none to offer. */
function collector(): Collect | undefined {
  setFlagsFromString("--expose-gc"); // seen by contexts made from here on
  try {
    const found: unknown = runInNewContext("typeof gc === 'function' ? gc : undefined");
    return typeof found === "function" ? (found as Collect) : undefined; // V8's own
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
}
