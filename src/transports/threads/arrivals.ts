/**
 * Frames that are here already and still on the wire: each is the program's once its last bit would have come. The hub
 * passes a frame on as soon as its arrival is known, so that neither the hub's lateness nor the way between two threads
 * adds to the wire's time.
 */
import { type Seconds, seconds } from "../../base/units.ts";
import { Alarm } from "./alarm.ts";
import { realTime } from "./clock.ts";

interface Arrival {
  readonly due: Seconds;
  readonly arrive: () => void;
}

const NEVER = seconds(Number.POSITIVE_INFINITY);

export class Arrivals {
  /** In the order in which they come: the down port of a peer brings one frame after the other. */
  readonly #queue: Arrival[] = [];
  readonly #alarm = new Alarm(() => this.look());
  #working = 0;

  /** @param due by `realTime`, not before that of the last one */
  at(due: Seconds, arrive: () => void): void {
    this.#queue.push({ due, arrive });
    this.#alarm.set(this.#queue[0]!.due);
  }

  /** Happens behind all that is on its way; at once where nothing is. */
  afterAll(happen: () => void): void {
    const last = this.#queue.at(-1);
    if (last === undefined) happen();
    else this.at(last.due, happen);
  }

  /** What has come by now arrives. */
  look(): void {
    if (this.#queue.length === 0) return;
    const now = realTime();
    while (this.#queue.length > 0 && this.#queue[0]!.due <= now) this.#queue.shift()!.arrive();
    this.#alarm.set(this.#queue[0]?.due ?? NEVER);
  }

  /** The program computes: waking to the split millisecond would only take time from it. */
  workBegins(): void {
    this.#working += 1;
    this.#alarm.fine = false;
  }

  workEnds(): void {
    this.#working -= 1;
    this.#alarm.fine = this.#working === 0;
  }

  /** Nothing arrives any more. */
  close(): void {
    this.#queue.length = 0;
    this.#alarm.set(NEVER);
  }
}
