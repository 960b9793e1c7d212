/**
 * Breaches: which members of a view broke a limit or sent what no member sends, as one of them has seen itself or was
 * told. They are known by node: who comes back under another id is still at fault, and still the one that accused.
 *
 * Whoever accuses others is believed as long as it accuses less than half of the members there are, and less than half
 * of those that there were when it began. As long as most members are honest, an honest one need not go beyond. Who
 * does is believed in nothing, and stays: it may be wrong without meaning to.
 */
import type { PeerId } from "../../ports/view.ts";
import { MEMBERS_MAX, WHY_CHARACTERS_MAX } from "./swarm-limits.ts";
import { type Barred, memberOf, type SwarmView } from "./swarm-view.ts";

/** A member that said that others were at fault. */
interface Accuser {
  /** The view in which it began; ids from here on are of those who joined later. */
  readonly began: Pick<SwarmView, "nextId" | "members">;
  /** By node, under the id of then. Who joined later is forgotten when gone. */
  readonly accused: Map<string, { readonly id: PeerId; readonly why: string }>;
}

export class Breaches {
  /** By node. */
  readonly #seen = new Map<string, string>();
  readonly #accusers = new Map<string, Accuser>();
  #reasons: ReadonlyMap<PeerId, string> = new Map();

  /** Who is at fault, and why. */
  get reasons(): ReadonlyMap<PeerId, string> {
    return this.#reasons;
  }

  /** What this node has seen itself. */
  seen({ members }: SwarmView): [PeerId, string][] {
    return members.flatMap(({ id, node }) => {
      const why = this.#seen.get(node);
      return why === undefined ? [] : [[id, why]];
    });
  }

  /** This node has seen it. */
  note(id: PeerId, why: string, view: SwarmView): void {
    const member = memberOf(view, id);
    if (member !== undefined) this.#seen.set(member.node, why);
    this.#weigh(view);
  }

  /** Another member says so. */
  hear(from: PeerId, id: PeerId, why: string, view: SwarmView): void {
    const [by, member] = [memberOf(view, from), memberOf(view, id)];
    if (by === undefined || member === undefined) return;
    const accuser = this.#accusers.get(by.node) ?? { began: view, accused: new Map() };
    this.#accusers.set(by.node, accuser);
    if (!accuser.accused.has(member.node))
      accuser.accused.set(member.node, { id, why: `${why}, as peer ${from} says` });
    this.#weigh(view);
  }

  /** Those of the view who are to be named in the next one. */
  barred({ members }: SwarmView): Barred[] {
    return members.flatMap(({ id, node }) => {
      const why = this.#reasons.get(id);
      return why === undefined ? [] : [{ node, why: why.slice(0, WHY_CHARACTERS_MAX) }];
    });
  }

  /** Goes on to a view: who is not in it is forgotten, but for what bounds its accuser. */
  settle(view: SwarmView): void {
    const nodes = new Set(view.members.map(({ node }) => node));
    for (const node of this.#seen.keys()) if (!nodes.has(node)) this.#seen.delete(node);
    for (const [by, { began, accused }] of this.#accusers) {
      for (const [node, { id }] of accused) if (!nodes.has(node) && id >= began.nextId) accused.delete(node);
      if (accused.size === 0) this.#accusers.delete(by);
    }
    for (const oldest of this.#accusers.keys()) {
      if (this.#accusers.size <= MEMBERS_MAX) break;
      this.#accusers.delete(oldest);
    }
    this.#weigh(view);
  }

  #weigh(view: SwarmView): void {
    const whys = new Map<string, string>();
    for (const accuser of this.#accusers.values()) {
      if (isBelieved(accuser, view)) for (const [node, { why }] of accuser.accused) whys.set(node, why);
    }
    for (const [node, why] of this.#seen) whys.set(node, why);
    this.#reasons = new Map(
      view.members.flatMap(({ id, node }): [PeerId, string][] => {
        const why = whys.get(node);
        return why === undefined ? [] : [[id, why]];
      }),
    );
  }
}

function isBelieved({ began, accused }: Accuser, { members }: SwarmView): boolean {
  const present = members.filter(({ node }) => accused.has(node)).length;
  const old = [...accused.values()].filter(({ id }) => id < began.nextId).length;
  return 2 * present < members.length && 2 * old < began.members.length;
}
