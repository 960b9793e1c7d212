/**
 * What happens in a live swarm, as lines for whoever runs this peer.
 */
import type { PeerId } from "../ports/view.ts";
import type { SwarmEvent, SwarmView } from "../transports/libp2p/index.ts";

export type Say = (line: string, level?: "warning") => void;

export class LiveNews {
  #say: Say;
  #known: ReadonlySet<PeerId> | undefined;
  #newest: SwarmView | undefined;
  /** Who asked before the swarm began, and was refused: they may only have to wait. */
  readonly #early = new Map<string, string>();
  /** Who was said to be lost, so that a view does not say it again. */
  readonly #lost = new Set<PeerId>();
  #waiting = false;
  #onWaiting: () => void = () => {};
  #onView: (view: SwarmView) => void = () => {};

  constructor(say: Say) {
    this.#say = say;
  }

  /** This peer leaves: what becomes of the others is no news any more. */
  close(): void {
    this.#say = () => {};
  }

  /** Fewer than half of the members are within reach. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Called when that begins. One listener. */
  onWaiting(listener: () => void): void {
    this.#onWaiting = listener;
  }

  /** Called with each view, from the newest one on. One listener. */
  onView(listener: (view: SwarmView) => void): void {
    this.#onView = listener;
    if (this.#newest !== undefined) listener(this.#newest);
  }

  readonly hear = (event: SwarmEvent): void => {
    if (event.type === "view") {
      this.#view(event.view);
    } else if (event.type === "lost") {
      this.#lost.add(event.id);
      this.#say(`lost peer ${event.id}: ${event.why}`, "warning");
    } else if (event.type === "dropped") {
      this.#lost.add(event.id);
      const ticket = event.ticket === "" ? "" : ` (ticket ${event.ticket})`;
      this.#say(`dropped peer ${event.id}${ticket}, which may not come back: ${event.why}`, "warning");
    } else if (event.type === "revoked") {
      this.#lost.add(event.id);
      this.#say(`peer ${event.id} may not stay: its ticket ${event.ticket} was revoked`, "warning");
    } else if (event.type === "refused") {
      this.#refused(event.node, `refused ${event.node} at ${event.address}: ${event.why}`);
    } else if (event.type === "waiting") {
      this.#wait(event.waiting);
    } else {
      this.#known = undefined;
      this.#waiting = false;
      if (event.ending === "expelled") this.#say("the others went on without this peer: joining again", "warning");
    }
  };

  #wait(waiting: boolean): void {
    this.#waiting = waiting;
    if (!waiting) {
      this.#say("enough members are within reach again");
    } else {
      this.#say("fewer than half of the members are within reach: waiting for them", "warning");
      this.#onWaiting();
    }
  }

  #refused(node: string, line: string): void {
    if (this.#newest === undefined) this.#early.set(node, line);
    else this.#say(line, "warning");
  }

  #view(view: SwarmView): void {
    const { members } = view;
    this.#newest = view;
    for (const [node, line] of this.#early)
      if (!members.some((member) => member.node === node)) this.#say(line, "warning");
    this.#early.clear();
    this.#onView(view);
    const ids = new Set(members.map(({ id }) => id));
    const known = this.#known;
    this.#known = ids;
    const count = `${ids.size} ${ids.size === 1 ? "member" : "members"}`;
    if (known === undefined) {
      this.#say(`in the swarm: ${count}`);
      return;
    }
    const come = [...ids].filter((id) => !known.has(id));
    const gone = [...known].filter((id) => !ids.has(id));
    const told = [
      ...come.map((id) => `peer ${id} has come`),
      ...gone.map((id) => `peer ${id} ${this.#lost.delete(id) ? "is out" : "has left"}`),
    ];
    if (told.length > 0) this.#say(`${told.join(", ")}: ${count}`);
  }
}
