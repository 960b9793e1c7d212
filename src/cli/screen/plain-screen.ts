/**
 * Progress for logs and pipes: a line at evaluations, at most one a second and run.
 */
import { formatBytes, formatSeconds } from "../../base/units.ts";
import { formatLoss, formatShare } from "../format.ts";
import type { TextStream, World } from "../world.ts";
import { type RunState, STATUS_WORDS } from "./run-state.ts";
import type { Screen } from "./screen.ts";

const INTERVAL_MS = 1000;

export class PlainScreen implements Screen {
  readonly #now: World["now"];
  readonly #stream: TextStream;
  readonly #shown = new Map<RunState, { at: number; ended: boolean }>();

  constructor(world: Pick<World, "now">, stream: TextStream) {
    this.#now = world.now;
    this.#stream = stream;
  }

  say(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  update(run: RunState, evaluated: boolean): void {
    if (run.status === "waiting" || run.status === "skipped") return;
    const now = this.#now();
    const last = this.#shown.get(run);
    const ended = run.status !== "running";
    if (last?.ended || !(ended || evaluated)) return;
    if (!ended && last !== undefined && now - last.at < INTERVAL_MS) return;
    this.#shown.set(run, { at: now, ended });
    this.say(plainLine(run));
  }

  close(): void {}
}

/** `double-squeeze/sign  round 120/300  loss 0.412  accuracy 91.2 %  1.2 MB  850 ms  [reached]` */
export function plainLine(run: RunState): string {
  const { name, round, rounds, loss, accuracy, bytes, seconds, status } = run;
  return [
    name,
    `round ${round}/${rounds}`,
    ...(loss === undefined ? [] : [`loss ${formatLoss(loss)}`]),
    ...(accuracy === undefined ? [] : [`accuracy ${formatShare(accuracy)}`]),
    ...(bytes === undefined ? [] : [formatBytes(bytes)]),
    ...(seconds === undefined ? [] : [formatSeconds(seconds)]),
    ...(status === "running" ? [] : [`[${STATUS_WORDS[status]}]`]),
  ].join("  ");
}
