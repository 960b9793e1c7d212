/**
 * What happens in a live swarm, as lines for whoever runs this peer.
 */
import type { PeerId } from "../ports/view.ts";
import type { SwarmEvent, SwarmView } from "../transports/libp2p/index.ts";

export type Say = (line: string, level?: "warning") => void;

export class LiveNews {
  readonly #say: Say;
  #known: ReadonlySet<PeerId> | undefined;
  #newest: SwarmView | undefined;
  /** Who was said to be lost, so that a view does not say it again. */
  readonly #lost = new Set<PeerId>();
  #waiting = false;
  #onWaiting: () => void = () => {};
  #onView: (view: SwarmView) => void = () => {};

  constructor(say: Say) {
    this.#say = say;
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
    switch (event.type) {
      case "view":
        return this.#view(event.view);
      case "lost":
        this.#lost.add(event.id);
        return this.#say(`lost peer ${event.id}: ${event.why}`, "warning");
      case "dropped":
        return this.#say(`dropped peer ${event.id}, which may not come back: ${event.why}`, "warning");
      case "refused":
        return this.#say(`refused ${event.node} at ${event.address}: ${event.why}`, "warning");
      case "waiting":
        this.#waiting = event.waiting;
        if (event.waiting) this.#say("fewer than half of the members are within reach: waiting for them", "warning");
        else this.#say("enough members are within reach again");
        if (event.waiting) this.#onWaiting();
        return;
      case "over":
        this.#known = undefined;
        this.#waiting = false;
        if (event.ending === "expelled") this.#say("the others went on without this peer: joining again", "warning");
    }
  };

  #view(view: SwarmView): void {
    const { members } = view;
    this.#newest = view;
    this.#onView(view);
    const ids = new Set(members.map(({ id }) => id));
    const known = this.#known;
    this.#known = ids;
    const count = `${ids.size} ${ids.size === 1 ? "member" : "members"}`;
    if (known === undefined) return this.#say(`in the swarm: ${count}`);
    const come = [...ids].filter((id) => !known.has(id));
    const gone = [...known].filter((id) => !ids.has(id));
    const told = [
      ...come.map((id) => `peer ${id} has come`),
      ...gone.map((id) => `peer ${id} ${this.#lost.delete(id) ? "is out" : "has left"}`),
    ];
    if (told.length > 0) this.#say(`${told.join(", ")}: ${count}`);
  }
}
