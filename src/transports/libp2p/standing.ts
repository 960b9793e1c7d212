/**
 * Standing: how the members of a view stand with one of them, and what should follow from that: whom it has lost, who wants
 * to leave, who broke a limit, whose ticket was revoked, who has lost whom, who wants to join.
 */
import type { PeerId } from "../../ports/view.ts";
import { Breaches } from "./breaches.ts";
import type { Decision } from "./certificate.ts";
import { Losses } from "./losses.ts";
import { type Joiner, nextView } from "./next-view.ts";
import { isQuorum, proposerIn } from "./succession.ts";
import { memberOf, type SwarmMember, type SwarmView } from "./swarm-view.ts";

export class Standing {
  #view: SwarmView;
  /** Members that this one cannot reach now, and why. */
  readonly down: Map<PeerId, string> = new Map();
  readonly leavers: Set<PeerId> = new Set();
  readonly breaches: Breaches;
  readonly losses: Losses = new Losses();
  /** Some link broke since the view began: mail may be lost, so another view must follow, even of the same members. */
  #broken = false;
  #joiners: Joiner[] = [];
  /** Serials of tickets. */
  revoked: ReadonlySet<string> = new Set();

  constructor(self: PeerId, view: SwarmView) {
    this.#view = view;
    this.breaches = new Breaches(self);
  }

  get reached(): ReadonlySet<PeerId> {
    return new Set(this.#view.members.map(({ id }) => id).filter((id) => !this.down.has(id)));
  }

  /** Whether this member votes for what that one proposes, if nobody older may lead. Of itself it thinks as the others do. */
  mayLead(id: PeerId): boolean {
    return !this.down.has(id) && !this.breaches.isDistrusted(id) && this.#hasVoters(id);
  }

  /** Whether those are enough to decide that have not lost a member: one that cannot lead is not waited for. */
  #hasVoters(id: PeerId): boolean {
    const losers = this.losses.losersOf(id);
    if (losers.size === 0) return true;
    const ids = this.#view.members.map((member) => member.id);
    return isQuorum(this.#view, new Set(ids.filter((one) => !losers.has(one))));
  }

  /** Whether this member knows no reason why that one should go. */
  stays({ id, ticket }: SwarmMember): boolean {
    return !this.down.has(id) && !this.leavers.has(id) && !this.breaches.reasons.has(id) && !this.revoked.has(ticket);
  }

  lose(id: PeerId, why: string): void {
    this.down.set(id, why);
    this.#broken = true;
  }

  /** A member has lost another, or found it again. */
  report(from: PeerId, id: PeerId, state: "up" | "down"): void {
    if (memberOf(this.#view, id) === undefined || id === from) return;
    if (state === "down") this.losses.lost(from, id);
    else this.#broken = this.losses.found(from, id) || this.#broken;
  }

  join(joiner: Joiner): void {
    this.withdraw(joiner.node);
    this.#joiners.push(joiner);
  }

  withdraw(node: string): void {
    this.#joiners = this.#joiners.filter((joiner) => joiner.node !== node);
  }

  /** The view that should follow, as this member sees it; undefined if this one is as it should be. */
  next(): SwarmView | undefined {
    const apart = this.losses.apart(
      this.#view,
      (id) => !this.down.has(id),
      (id) => this.breaches.isDistrusted(id),
    );
    const next = nextView(this.#view, {
      stays: (member) => this.stays(member) && !apart.has(member.id),
      barred: this.breaches.barred(this.#view),
      joiners: this.#joiners.filter(({ ticket }) => !this.revoked.has(ticket)),
    });
    const isSameAgain = next.nextId === this.#view.nextId && next.members.length === this.#view.members.length;
    return isSameAgain && !this.#broken ? undefined : next;
  }

  /** Goes on to a view: what is done is forgotten. */
  settle(decision: Decision): void {
    const { view } = decision;
    this.#charge(decision);
    const added = new Set(view.members.filter(({ id }) => id >= this.#view.nextId).map(({ node }) => node));
    this.#joiners = this.#joiners.filter(({ node }) => !added.has(node));
    this.#view = view;
    this.#broken = false;
    const isStranger = (id: PeerId) => memberOf(view, id) === undefined;
    for (const id of this.down.keys()) if (isStranger(id)) this.down.delete(id);
    for (const id of this.leavers) if (isStranger(id)) this.leavers.delete(id);
    this.breaches.settle(view);
    this.losses.settle(view);
  }

  /** Whoever proposed a view answers for those whom it names and who are not at fault as far as this member has heard. */
  #charge({ view, certificate }: Decision): void {
    const proposer = proposerIn(this.#view, certificate.ballot);
    for (const { id, node } of this.#view.members) {
      const named = view.barred.find((one) => one.node === node);
      if (named === undefined || proposer === undefined || this.breaches.reasons.has(id)) continue;
      this.breaches.hear(proposer.id, id, named.why, this.#view);
    }
  }
}
