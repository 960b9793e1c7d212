/**
 * Consent: whether a member votes for a view that another proposes. What no member proposes is the proposer's fault. For
 * each member that is left out it looks for a reason of its own; where it knows none it waits a little, for the reason may
 * be under way, or the accusation of a proposer that wants to be rid of its accuser. After that
 *
 * - it believes a proposer that has lost a member, which may join again;
 * - it takes a member that is to be named for accused by the proposer, and judges by what it has heard then.
 */
import { CorruptError } from "../../base/errors.ts";
import type { PeerId } from "../../ports/view.ts";
import { isSameView } from "./certificate.ts";
import type { Question } from "./control-messages.ts";
import { GRACE_TICKS } from "./losses.ts";
import { mayFollow } from "./next-view.ts";
import type { Standing } from "./standing.ts";
import { memberOf, type SwarmMember, type SwarmView } from "./swarm-view.ts";

type Accept = Extract<Question, { readonly type: "accept" }>;

export class Consent {
  readonly #self: PeerId;
  readonly #view: SwarmView;
  readonly #standing: Standing;
  #waiting: { readonly from: PeerId; readonly question: Accept; ticks: number } | undefined;

  /** @param view the one that is to be followed */
  constructor(self: PeerId, view: SwarmView, standing: Standing) {
    this.#self = self;
    this.#view = view;
    this.#standing = standing;
  }

  /** The question that waits for an answer, and whose it is. */
  get waiting(): { readonly from: PeerId; readonly question: Accept } | undefined {
    return this.#waiting;
  }

  tick(): void {
    if (this.#waiting !== undefined) this.#waiting.ticks += 1;
  }

  /** @throws {CorruptError} for what no member proposes */
  givenTo(from: PeerId, question: Accept): boolean {
    if (!mayFollow(this.#view, question.view)) {
      throw new CorruptError("proposal", { expected: "a view that may follow the last one", got: "another" });
    }
    const waiting = this.#waiting;
    const isAgain = waiting?.from === from && waiting.question.ballot === question.ballot;
    const waited = isAgain && isSameView(waiting.question.view, question.view) ? waiting.ticks : 0;
    this.#waiting = undefined;
    if (this.#unexplained(from, question.view).length === 0) return true;
    if (waited >= GRACE_TICKS && this.#believes(from, question.view)) return true;
    this.#waiting = { from, question, ticks: waited };
    return false;
  }

  /** Who is left out for no reason known here, but for this member itself, which cannot judge that, and the proposer. */
  #unexplained(from: PeerId, next: SwarmView): readonly SwarmMember[] {
    const { breaches } = this.#standing;
    return this.#view.members.filter((member) => {
      if (member.id === this.#self || member.id === from || memberOf(next, member.id) !== undefined) return false;
      return barredAs(member, next) === undefined ? this.#standing.stays(member) : !breaches.reasons.has(member.id);
    });
  }

  #believes(from: PeerId, next: SwarmView): boolean {
    const { breaches } = this.#standing;
    return this.#unexplained(from, next).every((member) => {
      const why = barredAs(member, next);
      if (why === undefined) return true;
      breaches.hear(from, member.id, why, this.#view);
      return breaches.reasons.has(member.id);
    });
  }
}

const barredAs = ({ node }: SwarmMember, { barred }: SwarmView): string | undefined =>
  barred.find((one) => one.node === node)?.why;
