/**
 * The time before the first view, at the founder: joiners are gathered until there are enough to begin.
 */
import { peerId } from "../../ports/view.ts";
import type { Joiner } from "./next-view.ts";
import type { SwarmView } from "./swarm-view.ts";

export class Founding {
  readonly #members: number;
  readonly #joiners = new Map<string, Joiner>();
  readonly #enough: () => void;

  /** @param members of the first view @param enough called when they are here */
  constructor(members: number, enough: () => void) {
    this.#members = members;
    this.#enough = enough;
    this.#look();
  }

  /** Whoever waits with one of these tickets waits in vain. */
  revoke(serials: ReadonlySet<string>): void {
    for (const [node, { ticket }] of this.#joiners) if (serials.has(ticket)) this.#joiners.delete(node);
  }

  join(joiner: Joiner): void {
    this.#joiners.set(joiner.node, joiner);
    this.#look();
  }

  withdraw(node: string): void {
    this.#joiners.delete(node);
  }

  /**
   * The first view: the founder, and the others in the order in which they came.
   * @param swarm what no other swarm is called
   */
  view(founder: Joiner, swarm: string): SwarmView {
    const members = [founder, ...this.#joiners.values()].map((joiner, id) => ({ ...joiner, id: peerId(id) }));
    return { swarm, epoch: 0, nextId: members.length, members, barred: [] };
  }

  #look(): void {
    if (this.#joiners.size + 1 >= this.#members) this.#enough();
  }
}
