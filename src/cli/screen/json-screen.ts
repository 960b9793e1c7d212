/**
 * Progress for programs that read logs: JSON lines, each with the wall clock's time, a level and an event.
 *
 *     {"time":"2026-03-09T13:05:33.120Z","level":"info","event":"progress","run":"sgd","status":"running","round":40,…}
 */
import type { TextStream, World } from "../world.ts";
import { Rhythm } from "./rhythm.ts";
import { type RunState, STATUS_WORDS } from "./run-state.ts";
import type { Level, Screen } from "./screen.ts";

export class JsonScreen implements Screen {
  readonly #today: World["today"];
  readonly #stream: TextStream;
  readonly #quiet: boolean;
  readonly #rhythm: Rhythm;

  /** @param quiet tells messages only */
  constructor(world: Pick<World, "now" | "today">, stream: TextStream, quiet: boolean) {
    this.#today = world.today;
    this.#stream = stream;
    this.#quiet = quiet;
    this.#rhythm = new Rhythm(world.now);
  }

  say(line: string, level: Level = "info"): void {
    this.#write(level, "message", { message: line });
  }

  update(run: RunState, evaluated: boolean): void {
    if (this.#quiet || !this.#rhythm.due(run, evaluated)) return;
    const { name, status, round, rounds, seconds, loss, accuracy, bytes, hashed } = run;
    const level = status === "failed" || status === "diverged" ? "error" : "info";
    this.#write(level, "progress", {
      run: name,
      status: STATUS_WORDS[status],
      round,
      rounds,
      seconds,
      loss,
      accuracy,
      bytes,
      ...(hashed?.round === round && { parameters: hashed.hash }),
    });
  }

  close(): void {}

  #write(level: Level, event: string, fields: object): void {
    const time = this.#today().toISOString();
    this.#stream.write(`${JSON.stringify({ time, level, event, ...fields })}\n`);
  }
}
