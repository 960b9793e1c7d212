/**
 * Progress for logs and pipes: a line at evaluations, at most one a second and run.
 */
import { formatBytes, formatSeconds } from "../../base/units.ts";
import { formatLoss, formatShare } from "../format.ts";
import type { TextStream, World } from "../world.ts";
import { Rhythm } from "./rhythm.ts";
import { type RunState, STATUS_WORDS } from "./run-state.ts";
import { type Level, leveled, type Screen } from "./screen.ts";

export class PlainScreen implements Screen {
  readonly #rhythm: Rhythm;
  readonly #stream: TextStream;

  constructor(world: Pick<World, "now">, stream: TextStream) {
    this.#rhythm = new Rhythm(world.now);
    this.#stream = stream;
  }

  say(line: string, level?: Level): void {
    this.#stream.write(`${leveled(line, level)}\n`);
  }

  update(run: RunState, evaluated: boolean): void {
    if (this.#rhythm.due(run, evaluated)) this.say(plainLine(run));
  }

  close(): void {}
}

/**
 * `double-squeeze/sign  round 120/300  loss 0.412  accuracy 91.2 %  1.2 MB  850 ms  [reached]`, and live, as in
 * `parameters 83bb17360e36`, what whoever trains with others compares.
 */
export function plainLine(run: RunState): string {
  const { name, round, rounds, loss, accuracy, bytes, seconds, hashed, status } = run;
  return [
    name,
    `round ${round}/${rounds}`,
    ...(loss === undefined ? [] : [`loss ${formatLoss(loss)}`]),
    ...(accuracy === undefined ? [] : [`accuracy ${formatShare(accuracy)}`]),
    ...(bytes === undefined ? [] : [formatBytes(bytes)]),
    ...(seconds === undefined ? [] : [formatSeconds(seconds)]),
    ...(hashed?.round === round ? [`parameters ${hashed.hash}`] : []),
    ...(status === "running" ? [] : [`[${STATUS_WORDS[status]}]`]),
  ].join("  ");
}
