/**
 * History: the view that a member is in, and the last ones before it, each with what proves that it followed: for members
 * that have not heard of them.
 */
import { CorruptError } from "../../base/errors.ts";
import type { PeerId } from "../../ports/view.ts";
import { areSigned, type Decision, digestOf, isSame } from "./certificate.ts";
import type { Signing } from "./signing.ts";
import { isQuorum } from "./succession.ts";
import { DECISIONS_KEPT } from "./swarm-limits.ts";
import { memberOf, type SwarmView } from "./swarm-view.ts";

export class History {
  readonly #signing: Signing;
  readonly #suffices: (voters: ReadonlySet<PeerId>) => boolean;
  #view: SwarmView;
  #decisions: Decision[] = [];

  /** @param suffices where less than a quorum may decide: whether these votes do */
  constructor(view: SwarmView, signing: Signing, suffices: (voters: ReadonlySet<PeerId>) => boolean) {
    this.#view = view;
    this.#signing = signing;
    this.#suffices = suffices;
  }

  get view(): SwarmView {
    return this.#view;
  }

  /** What proves to a node that knows the view of an epoch which views followed; the last ones, if those are too many. */
  after(epoch: number): readonly Decision[] {
    return this.#decisions.filter(({ view }) => view.epoch > epoch);
  }

  add(decision: Decision): void {
    this.#view = decision.view;
    this.#decisions = [...this.#decisions, decision].slice(-DECISIONS_KEPT);
  }

  /**
   * What a decision is to this member: the next one; one that follows a view which it has not heard of; or nothing to it.
   * @throws {CorruptError} if it follows the view and the votes do not prove it
   */
  weigh({ view, certificate }: Decision): "next" | "missed" | "nothing" {
    if (view.epoch <= this.#view.epoch) return "nothing";
    if (!isSame(certificate.follows, digestOf(this.#view))) return "missed";
    const voters = new Set(certificate.votes.keys());
    const isFoul =
      view.epoch !== this.#view.epoch + 1 || [...voters].some((id) => memberOf(this.#view, id) === undefined);
    // Counted first: to check votes takes long, and whoever sends too few may send them again and again.
    if (!isFoul && !isQuorum(this.#view, voters) && !this.#suffices(voters)) return "nothing";
    if (isFoul || !areSigned(this.#view, { view, certificate }, this.#signing)) {
      throw new CorruptError("view", { expected: "one that members have voted for", got: "other votes" });
    }
    return "next";
  }
}
