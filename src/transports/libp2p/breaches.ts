/**
 * Breaches: which members of a view broke a limit or sent what no member sends, as one of them has seen itself or was
 * told. They are known by node: who comes back under another id is still at fault, and still the one that accused.
 *
 * What others say is weighed as `judgement.ts` has it. Whoever says too much is believed in nothing, and stays: it may be
 * wrong without meaning to.
 */
import type { PeerId } from "../../ports/view.ts";
import { type Judgement, judge } from "./judgement.ts";
import { WHY_CHARACTERS_MAX } from "./swarm-limits.ts";
import type { Barred, SwarmView } from "./swarm-view.ts";
import { Words } from "./words.ts";

const NOBODY: Judgement<PeerId> = { atFault: new Set(), unbelieved: new Set() };

export class Breaches {
  readonly #self: PeerId;
  readonly #words = new Words<string>();
  #judgement = NOBODY;
  #reasons: ReadonlyMap<PeerId, string> = new Map();

  /** @param self the member that judges: it believes its own eyes */
  constructor(self: PeerId) {
    this.#self = self;
  }

  /** Who of the others is at fault, and why. */
  get reasons(): ReadonlyMap<PeerId, string> {
    return this.#reasons;
  }

  /** Who is at fault, or believed in nothing: by the others too, if they have heard the same, so it may be this member. */
  isDistrusted(id: PeerId): boolean {
    return this.#judgement.atFault.has(id) || this.#judgement.unbelieved.has(id);
  }

  /** What this node has seen itself. */
  seen(view: SwarmView): [PeerId, string][] {
    return [...(this.#words.among(view).get(this.#self) ?? [])];
  }

  /** This node has seen it. */
  note(id: PeerId, why: string, view: SwarmView): void {
    this.hear(this.#self, id, why, view);
  }

  hasHeard(from: PeerId, id: PeerId, view: SwarmView): boolean {
    return this.#words.among(view).get(from)?.has(id) === true;
  }

  /** A member says so. */
  hear(from: PeerId, id: PeerId, why: string, view: SwarmView): void {
    if (this.#words.hear(from, id, brief(why), view)) this.#weigh(view);
  }

  /** Those of the view who are to be named in the next one. */
  barred({ members }: SwarmView): Barred[] {
    return members.flatMap(({ id, node }) => {
      const why = this.#reasons.get(id);
      return why === undefined ? [] : [{ node, why: brief(why) }];
    });
  }

  /** Goes on to a view. */
  settle(view: SwarmView): void {
    this.#words.settle(view);
    this.#weigh(view);
  }

  #weigh(view: SwarmView): void {
    const said = this.#words.among(view);
    const words = new Map([...said].map(([by, against]) => [by, new Set(against.keys())]));
    const saysTooMuch = (id: PeerId) => id !== this.#self && this.#words.isTooMuch(id, view);
    this.#judgement = judge(
      view.members.map(({ id }) => id),
      words,
      saysTooMuch,
    );
    const { atFault, unbelieved } = this.#judgement;
    const others = [...atFault].filter((id) => id !== this.#self);
    this.#reasons = new Map(others.map((id) => [id, reasonFor(id, said, unbelieved, this.#self)]));
  }
}

/** What was seen here, or else what somebody says, rather one that is believed. */
function reasonFor(
  id: PeerId,
  said: ReadonlyMap<PeerId, ReadonlyMap<PeerId, string>>,
  unbelieved: ReadonlySet<PeerId>,
  self: PeerId,
): string {
  const own = said.get(self)?.get(id);
  if (own !== undefined) return own;
  const accusers = [...said.keys()].filter((one) => said.get(one)?.has(id));
  const by = accusers.find((one) => !unbelieved.has(one)) ?? accusers[0];
  return by === undefined ? "" : `${said.get(by)?.get(id)}, as peer ${by} says`;
}

/** Cut between characters. */
const brief = (why: string): string => Array.from(why).slice(0, WHY_CHARACTERS_MAX).join("");
