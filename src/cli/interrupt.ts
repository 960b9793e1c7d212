/**
 * Ctrl-C: the first asks the run to stop after the round in flight, with everything saved; the second stops it at once.
 */
import type { World } from "./world.ts";

export interface Interrupt {
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
  /** Hears no more. */
  close(): void;
}

/** @param say shows one line without disturbing the progress on the screen */
export function listenForInterrupt(world: World, say: (line: string) => void): Interrupt {
  const stop = new AbortController();
  const kill = new AbortController();
  const close = world.onInterrupt(() => {
    if (stop.signal.aborted) return kill.abort();
    say("stopping after this round; Ctrl-C again to stop at once");
    stop.abort();
  });
  return { stop: stop.signal, kill: kill.signal, close };
}
