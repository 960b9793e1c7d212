/**
 * Joins a run to the screen that shows it.
 */
import type { RunListener } from "../../runs/result.ts";
import type { World } from "../world.ts";
import type { RunState } from "./run-state.ts";
import type { Screen } from "./screen.ts";

/** @param evalEvery rounds: a peer that does not evaluate, but another of its swarm, shows its progress as often */
export function shownOn(
  screen: Screen,
  state: RunState,
  world: Pick<World, "now">,
  evalEvery: number = Number.POSITIVE_INFINITY,
): Required<RunListener> {
  return {
    started: () => state.start(world.now()),
    progress(progress) {
      state.advance(progress, world.now());
      screen.update(state, progress.metrics !== undefined || progress.round % evalEvery === 0);
    },
    regrouped: () => {}, // the number of peers is part of the state
    trouble: (line) => screen.say(line, "warning"),
  };
}
