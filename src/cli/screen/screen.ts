/**
 * Screen: where runs show how far they are.
 */
import type { RunState } from "./run-state.ts";

export interface Screen {
  /** A line that stays. */
  say(line: string): void;
  /** Something about the run has changed; `evaluated` after an evaluation. */
  update(run: RunState, evaluated: boolean): void;
  /** Shows the last state and leaves the terminal as it was. */
  close(): void;
}
