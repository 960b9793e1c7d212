/**
 * Words: what each member has said against others, by node: who comes back under another id is still the one that spoke,
 * and the one spoken of.
 *
 * Whoever speaks against others is believed as long as that is less than half of the members there are, and less than half
 * of those that there were when it began. As long as most members are honest, an honest one need not go beyond.
 */
import type { PeerId } from "../../ports/view.ts";
import { MEMBERS_MAX } from "./swarm-limits.ts";
import { memberOf, type SwarmView } from "./swarm-view.ts";

interface Speaker<Word> {
  /** The view in which it began; ids from here on are of those who joined later. */
  readonly began: { readonly nextId: number; readonly count: number };
  /** By node, under the id of then. Who joined later is forgotten when gone. */
  readonly against: Map<string, { readonly id: PeerId; readonly word: Word }>;
}

export class Words<Word> {
  readonly #speakers = new Map<string, Speaker<Word>>();

  /** The first word counts. @returns whether it is the first of this member against that one */
  hear(from: PeerId, id: PeerId, word: Word, view: SwarmView): boolean {
    const [by, member] = [memberOf(view, from), memberOf(view, id)];
    if (by === undefined || member === undefined || by === member) return false;
    const speaker = this.#speakers.get(by.node) ?? {
      began: { nextId: view.nextId, count: view.members.length },
      against: new Map(),
    };
    if (speaker.against.has(member.node)) return false;
    this.#speakers.set(by.node, speaker);
    speaker.against.set(member.node, { id, word });
    return true;
  }

  /** What was said, by speaker and whom it is against; among members alone. */
  among(view: SwarmView): ReadonlyMap<PeerId, ReadonlyMap<PeerId, Word>> {
    const ids = new Map(view.members.map(({ id, node }) => [node, id]));
    const said = new Map<PeerId, ReadonlyMap<PeerId, Word>>();
    for (const [by, { against }] of this.#speakers) {
      const from = ids.get(by);
      if (from === undefined) continue;
      const present = [...against].filter(([node]) => ids.has(node));
      said.set(from, new Map(present.map(([node, { word }]) => [ids.get(node)!, word])));
    }
    return said;
  }

  /** Whether a member is believed no more. */
  isTooMuch(from: PeerId, view: SwarmView): boolean {
    const speaker = this.#speakers.get(memberOf(view, from)?.node ?? "");
    if (speaker === undefined) return false;
    const { began, against } = speaker;
    const present = view.members.filter(({ node }) => against.has(node)).length;
    const old = [...against.values()].filter(({ id }) => id < began.nextId).length;
    return 2 * present >= view.members.length || 2 * old >= began.count;
  }

  /** Goes on to a view: who is not in it is forgotten, but for what bounds the speaker. */
  settle(view: SwarmView): void {
    const nodes = new Set(view.members.map(({ node }) => node));
    for (const [by, { began, against }] of this.#speakers) {
      for (const [node, { id }] of against) if (!nodes.has(node) && id >= began.nextId) against.delete(node);
      if (against.size === 0) this.#speakers.delete(by);
    }
    for (const oldest of this.#speakers.keys()) {
      if (this.#speakers.size <= MEMBERS_MAX) break;
      this.#speakers.delete(oldest);
    }
  }
}
