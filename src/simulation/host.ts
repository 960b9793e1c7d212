/**
 * What the simulator needs of the JavaScript engine under it: to know when no promise is left to run, to let the rest of
 * the process breathe, and to stand idle.
 */
import type { Seconds } from "../base/units.ts";

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

/** Blocks this thread, where the engine lets it: a browser's main thread goes on at once. */
export function standIdle(time: Seconds): void {
  if (typeof globalThis.process?.versions?.node !== "string") return;
  const never = new Int32Array(new SharedArrayBuffer(4)); // nobody writes this word
  Atomics.wait(never, 0, 0, time * 1000);
}

const SETTLED = Promise.resolve();

/**
 * Calls `step` once every promise that could run on has done so, and again after what that set off, until it returns
 * false. Node runs its tick queue just then, ten times cheaper than a turn of the event loop; elsewhere it takes a turn.
 */
export const afterPromises: (step: () => boolean) => void =
  typeof globalThis.process?.versions?.node === "string"
    ? (step) => {
        const { nextTick } = globalThis.process;
        const tick = () => {
          if (step()) void SETTLED.then(arm);
        };
        const arm = () => nextTick(tick); // from a tick the next one would come before the promises
        void SETTLED.then(arm);
      }
    : (step) => {
        const turn = () => {
          if (step()) void hostTurn().then(turn);
        };
        void hostTurn().then(turn);
      };
