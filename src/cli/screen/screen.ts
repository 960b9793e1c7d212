/**
 * Screen: where runs show how far they are.
 */
import type { RunState } from "./run-state.ts";

export type Level = "info" | "warning" | "error";

export interface Screen {
  /** A line that stays. What is more than information says so. */
  say(line: string, level?: Level): void;
  /** Something about the run has changed; `evaluated` after an evaluation. */
  update(run: RunState, evaluated: boolean): void;
  /** Shows the last state and leaves the terminal as it was. */
  close(): void;
}

/** `warning: the disk is full` */
export const leveled = (line: string, level: Level = "info"): string => (level === "info" ? line : `${level}: ${line}`);
