/**
 * How fast a swarm trains: rounds a second between the first and the last progress of a stretch of time.
 */
import type { Progress } from "./peer-process.ts";

/** The front of a swarm: the newest round that any member has told of, over time. */
export class Front {
  readonly #steps: Progress[] = [];

  get round(): number {
    return this.#steps.at(-1)?.round ?? 0;
  }

  advance(progress: Progress): void {
    if (progress.round > this.round || this.#steps.length === 0) this.#steps.push(progress);
  }

  /** The longest time without any round, up to `until`, in milliseconds. */
  longestPause(from: number, until: number): number {
    const times = [from, ...this.#steps.map(({ at }) => at).filter((at) => at > from && at < until), until];
    return Math.max(...times.slice(1).map((at, i) => at - times[i]!));
  }

  /** Rounds done by then, between two reports by straight lines. */
  roundAt(time: number): number {
    const after = this.#steps.findIndex(({ at }) => at >= time);
    if (after === -1) return this.round;
    const b = this.#steps[after]!;
    const a = this.#steps[after - 1] ?? b;
    return b.at === a.at ? b.round : a.round + ((b.round - a.round) * (time - a.at)) / (b.at - a.at);
  }

  /** Rounds a second. */
  rate(from: number, until: number): number {
    return (1000 * (this.roundAt(until) - this.roundAt(from))) / (until - from);
  }
}
