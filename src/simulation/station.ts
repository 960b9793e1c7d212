/**
 * One peer's end of the simulated network: its ports, its mail, and whether it is still there.
 */
import { type Seconds, seconds } from "../base/units.ts";
import type { Meter } from "../ports/meter.ts";
import type { PeerId } from "../ports/view.ts";
import { Mailbox, type MailLimits } from "../rounds/mailbox.ts";
import { PHASES } from "./event-queue.ts";
import type { Link } from "./link.ts";
import type { Source, VirtualTime } from "./virtual-time.ts";

export interface StationOptions {
  readonly id: PeerId;
  readonly link: Link;
  readonly meter: Meter;
  readonly epoch: number;
  readonly limits: Partial<MailLimits>;
  /** Who is gone, and why; all stations share it. */
  readonly lost: Map<PeerId, string>;
}

export class Station implements Source {
  readonly id: PeerId;
  readonly link: Link;
  readonly meter: Meter;
  readonly mailbox: Mailbox;
  /** Each its own: to add a thousand listeners to one signal takes a million steps. */
  readonly abort: AbortController = new AbortController();
  events = 0;
  upFree: Seconds = seconds(0);
  downFree: Seconds = seconds(0);
  /** Messages sent that have neither arrived nor been dropped. */
  inFlight = 0;
  /** Why this peer sends and receives no more. */
  ended: string | undefined;

  constructor(time: VirtualTime, options: StationOptions) {
    const { id, link, meter, epoch, limits, lost } = options;
    this.id = id;
    this.link = link;
    this.meter = meter;
    const after = (delay: Seconds, callback: () => void) => this.#after(time, delay, callback);
    this.mailbox = new Mailbox({ owner: id, after, signal: this.abort.signal, limits, lost, epoch });
  }

  #after(time: VirtualTime, delay: Seconds, callback: () => void): () => void {
    if (delay === Number.POSITIVE_INFINITY) return () => {};
    const timer = time.at(seconds(time.now() + Math.max(0, delay)), PHASES.deadline, this, () => {
      if (this.ended === undefined) callback();
    });
    return () => {
      timer.cancelled = true;
    };
  }
}
