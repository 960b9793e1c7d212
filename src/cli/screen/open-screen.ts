/**
 * Picks the screen: a terminal gets bars that are redrawn in place, anything else plain lines.
 */
import type { TextStream, World } from "../world.ts";
import { LiveScreen } from "./live-screen.ts";
import { PlainScreen } from "./plain-screen.ts";
import type { RunState } from "./run-state.ts";
import type { Screen } from "./screen.ts";

/** Says what was asked for and nothing about progress. */
class QuietScreen implements Screen {
  readonly #stream: TextStream;

  constructor(stream: TextStream) {
    this.#stream = stream;
  }

  say(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  update(): void {}

  close(): void {}
}

export interface ScreenOptions {
  readonly quiet: boolean;
  /** stdout belongs to the JSON object. */
  readonly json: boolean;
}

export function openScreen(world: World, runs: readonly RunState[], options: ScreenOptions): Screen {
  const stream = options.json ? world.stderr : world.stdout;
  if (options.quiet) return new QuietScreen(world.stderr);
  return redrawable(stream, world.env) ? new LiveScreen(world, stream, runs) : new PlainScreen(world, stream);
}

/** A terminal that understands cursor movements, watched by a person who did not ask for plain text. */
export function redrawable(stream: TextStream, env: World["env"]): boolean {
  const { CI, NO_COLOR, TERM } = env;
  return stream.isTTY === true && !CI && !NO_COLOR && TERM !== "dumb";
}
