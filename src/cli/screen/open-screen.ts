/**
 * Picks the screen: a terminal gets bars that are redrawn in place, anything else plain lines, a program JSON lines.
 */
import type { TextStream, World } from "../world.ts";
import { JsonScreen } from "./json-screen.ts";
import { LiveScreen } from "./live-screen.ts";
import { PlainScreen } from "./plain-screen.ts";
import type { RunState } from "./run-state.ts";
import { type Level, leveled, type Screen } from "./screen.ts";

/** Says what was asked for and nothing about progress. */
class QuietScreen implements Screen {
  readonly #stream: TextStream;

  constructor(stream: TextStream) {
    this.#stream = stream;
  }

  say(line: string, level?: Level): void {
    this.#stream.write(`${leveled(line, level)}\n`);
  }

  update(): void {}

  close(): void {}
}

export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface ScreenOptions {
  readonly quiet: boolean;
  /** stdout belongs to the JSON object. */
  readonly json: boolean;
  readonly log: LogFormat;
}

export function openScreen(world: World, runs: readonly RunState[], options: ScreenOptions): Screen {
  if (options.log === "json") return new JsonScreen(world, world.stderr, options.quiet);
  const stream = options.json ? world.stderr : world.stdout;
  if (options.quiet) return new QuietScreen(world.stderr);
  return redrawable(stream, world.env) ? new LiveScreen(world, stream, runs) : new PlainScreen(world, stream);
}

/** A terminal that understands cursor movements, watched by a person who did not ask for plain text. */
export function redrawable(stream: TextStream, env: World["env"]): boolean {
  const { CI, NO_COLOR, TERM } = env;
  return stream.isTTY === true && !CI && !NO_COLOR && TERM !== "dumb";
}
