/**
 * What the simulator needs of the JavaScript engine under it: to know when no promise is left to run, and to let the
 * rest of the process breathe.
 */

/** Resolves in a later turn of the event loop, after timers, signals and messages had their chance. */
export const hostTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof globalThis.setImmediate === "function") {
      globalThis.setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

/**
 * Resolves when every promise that could run on has done so. To be awaited from a microtask. Node runs its tick queue
 * just then, ten times cheaper than a turn of the event loop; elsewhere it takes a turn.
 */
export const microtasksDrained: () => Promise<void> =
  typeof globalThis.process?.versions?.node === "string"
    ? () => new Promise((resolve) => globalThis.process.nextTick(resolve))
    : hostTurn;
