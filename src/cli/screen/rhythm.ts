/**
 * When a line of progress is due where lines stay: at evaluations, at most one a second and run, and once at the end.
 */
import type { RunState } from "./run-state.ts";

const INTERVAL_MS = 1000;

export class Rhythm {
  readonly #now: () => number;
  readonly #shown = new Map<RunState, { at: number; ended: boolean }>();

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whoever hears true shows the run. */
  due(run: RunState, evaluated: boolean): boolean {
    if (run.status === "waiting" || run.status === "skipped") return false;
    const now = this.#now();
    const last = this.#shown.get(run);
    const ended = run.status !== "running";
    if (last?.ended || !(ended || evaluated)) return false;
    if (!ended && last !== undefined && now - last.at < INTERVAL_MS) return false;
    this.#shown.set(run, { at: now, ended });
    return true;
  }
}
