/**
 * Membership of one node in a swarm: which view is the newest, who leads, and what becomes of it when members join,
 * leave or are lost. No network and no clock: it is told what happens and says what to send.
 *
 * - The member of lowest rank leads; to one that has lost those before it, that is itself. Joiners come last in rank.
 * - The leader proposes a view without the members that it has lost, that want to leave, that broke a limit or whose
 *   tickets were revoked, and with those who want to join. Who broke a limit is named there, and barred.
 *   `succession.ts` decides on it; a member votes only for whom it takes for the leader.
 * - Of two members that have lost each other while the leader hears both, the younger goes.
 * - Whoever says that others broke a limit is believed, within bounds (`breaches.ts`).
 * - Without a quorum nothing follows: a minority waits until it meets the others again, or a view without itself. Where
 *   the swarm was opened with `minority: "continue"`, those who are left go on alone; then there may be two swarms.
 * - Whoever tells of an old view is told of the newest; a member that is not in it was expelled.
 */
import { type PeerId, peerId } from "../../ports/view.ts";
import type { Role } from "./admission-port.ts";
import { Breaches } from "./breaches.ts";
import type { Answer, ControlMessage } from "./control-messages.ts";
import { isQuorum, Proposer, Voter } from "./succession.ts";
import { BARRED_MAX, MEMBERS_MAX } from "./swarm-limits.ts";
import { memberOf, type SwarmMember, type SwarmView } from "./swarm-view.ts";

/** Whoever was admitted and waits for a view. */
export interface Joiner {
  readonly node: string;
  readonly role: Role;
  readonly addresses: readonly string[];
  /** The serial of its ticket; empty if it showed none. */
  readonly ticket: string;
}

export interface MembershipOptions {
  readonly self: PeerId;
  readonly view: SwarmView;
  /** What a minority does; default: wait. */
  readonly minority?: "wait" | "continue";
  /** To a member that can be reached, if it can. */
  send(to: PeerId, message: ControlMessage): void;
  /** A view was decided; this node is in it. */
  onView(view: SwarmView, before: SwarmView): void;
  /** A view was decided without this node, or nobody is left in it. */
  onOut(view: SwarmView): void;
}

/** Ticks after which two members that have lost each other are believed. */
const GRACE_TICKS = 2;

export class Membership {
  readonly #options: MembershipOptions;
  #view: SwarmView;
  #out = false;
  #leaving = false;

  #voter = new Voter();
  #proposer: Proposer | undefined;
  #hasProposed = false;

  /** Members that this one cannot reach now, and why. */
  readonly #down = new Map<PeerId, string>();
  /** Some link broke since the view began: mail may be lost, so another view must follow, even of the same members. */
  #broken = false;
  readonly #breaches = new Breaches();
  #revoked: ReadonlySet<string> = new Set();
  /** Who has lost whom, as reported to this node, and how many ticks ago. */
  readonly #reports = new Map<PeerId, Map<PeerId, number>>();
  readonly #leavers = new Set<PeerId>();
  #joiners: Joiner[] = [];

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#view = options.view;
  }

  get view(): SwarmView {
    return this.#view;
  }

  /** The member that this one takes for the leader. */
  get leader(): SwarmMember {
    return this.#view.members.find(({ id }) => !this.#down.has(id))!; // at the latest itself
  }

  get leads(): boolean {
    return !this.#out && this.leader.id === this.#self;
  }

  /** The members that this one reaches are too few to decide on a view. */
  get waits(): boolean {
    return this.#options.minority !== "continue" && !isQuorum(this.#view, this.#reached);
  }

  /** Members that this one cannot reach, and why. */
  get down(): ReadonlyMap<PeerId, string> {
    return this.#down;
  }

  /** From a member of the view. */
  hear(from: PeerId, message: ControlMessage): void {
    if (this.#out) return;
    switch (message.type) {
      case "alive":
        if (message.epoch < this.#view.epoch) this.#bringForward(from);
        break;
      case "commit":
        this.#adopt(message.view);
        break;
      case "prepare":
      case "accept":
        this.#vote(from, message);
        break;
      case "promise":
      case "accepted":
      case "refuse":
        this.#count(from, message);
        break;
      case "link":
        this.#report(from, message);
        break;
      case "leave":
        this.#leavers.add(from);
        this.#consider();
    }
  }

  linkUp(id: PeerId): void {
    if (this.#out) return;
    if (this.#down.delete(id)) this.#tell({ type: "link", id, state: "up", why: "" });
    if (this.#proposer?.isSilent(id)) this.#options.send(id, this.#proposer.question);
    this.#consider();
  }

  linkDown(id: PeerId, why: string): void {
    if (this.#out) return;
    if (memberOf(this.#view, id) === undefined || this.#down.has(id)) return;
    this.#down.set(id, why);
    this.#broken = true;
    this.#tell({ type: "link", id, state: "down", why });
    if (this.#proposer !== undefined) this.#go(this.#proposer, this.#proposer.recount());
    this.#consider();
  }

  /** A member broke a limit or sent what no member sends. */
  breach(id: PeerId, why: string): void {
    if (this.#out) return;
    if (memberOf(this.#view, id) === undefined) return;
    this.#breaches.note(id, why, this.#view);
    this.#tell({ type: "link", id, state: "breach", why });
    this.#consider();
  }

  /** Whoever was let in by one of these tickets is to go. @param serials all that are revoked */
  revoke(serials: ReadonlySet<string>): void {
    this.#revoked = serials;
    if (!this.#out) this.#consider();
  }

  /** Somebody is to be in the next view, if this node leads; asking twice is asking once. */
  join(joiner: Joiner): void {
    if (this.#out) return;
    this.withdraw(joiner.node);
    this.#joiners.push(joiner);
    this.#consider();
  }

  /** A joiner has given up. */
  withdraw(node: string): void {
    this.#joiners = this.#joiners.filter((joiner) => joiner.node !== node);
  }

  leave(): void {
    if (this.#out) return;
    this.#leaving = true;
    this.#leavers.add(this.#self);
    this.#tell({ type: "leave" });
    this.#consider();
  }

  /** To be called now and then: repeats what may have been lost. */
  tick(): void {
    if (this.#out) return;
    for (const lost of this.#reports.values()) for (const [id, ticks] of lost) lost.set(id, ticks + 1);
    for (const [id, why] of this.#down) this.#tell({ type: "link", id, state: "down", why });
    for (const [id, why] of this.#breaches.seen(this.#view)) this.#tell({ type: "link", id, state: "breach", why });
    if (this.#leaving) this.#tell({ type: "leave" });
    if (this.#proposer !== undefined) this.#ask(this.#proposer);
    this.#consider();
  }

  get #self(): PeerId {
    return this.#options.self;
  }

  get #reached(): ReadonlySet<PeerId> {
    return new Set(this.#view.members.map(({ id }) => id).filter((id) => !this.#down.has(id)));
  }

  #rank(id: PeerId): number {
    return this.#view.members.findIndex((member) => member.id === id);
  }

  /** To the leader, if that is another. */
  #tell(message: ControlMessage): void {
    if (!this.leads) this.#options.send(this.leader.id, message);
  }

  #bringForward(id: PeerId): void {
    this.#options.send(id, { type: "commit", view: this.#view });
  }

  #report(from: PeerId, { id, state, why }: Extract<ControlMessage, { type: "link" }>): void {
    if (memberOf(this.#view, id) === undefined || id === from) return;
    if (state === "breach" && id === this.#self) return; // it cannot judge that; the accuser turns to another
    const lost = this.#reports.get(from) ?? new Map<PeerId, number>();
    this.#reports.set(from, lost);
    if (state === "breach") this.#breaches.hear(from, id, why, this.#view);
    else if (state === "down") lost.set(id, lost.get(id) ?? 0);
    else this.#broken = lost.delete(id) || this.#broken;
    this.#consider();
  }

  /** Votes, if nobody of lower rank than the proposer is there. */
  #vote(from: PeerId, question: Extract<ControlMessage, { type: "prepare" | "accept" }>): void {
    if (question.epoch <= this.#view.epoch) this.#bringForward(from);
    if (question.epoch !== this.#view.epoch + 1) return; // from further ahead: the others will say what came between
    const before = this.#view.members.slice(0, this.#rank(from));
    if (before.some(({ id }) => !this.#down.has(id))) return;
    const answer =
      question.type === "prepare"
        ? this.#voter.prepare(question.epoch, question.ballot)
        : this.#voter.accept(question.epoch, question.ballot, question.view);
    if (from === this.#self) this.#count(from, answer);
    else this.#options.send(from, answer);
  }

  #count(from: PeerId, answer: Answer): void {
    if (this.#proposer !== undefined && answer.epoch === this.#view.epoch + 1) {
      this.#go(this.#proposer, this.#proposer.hear(from, answer));
    }
  }

  #go(proposer: Proposer, outcome: SwarmView | "ask" | undefined): void {
    if (outcome === "ask") this.#ask(proposer);
    else if (outcome !== undefined) this.#decided(outcome);
  }

  #ask(proposer: Proposer): void {
    const { question } = proposer;
    for (const { id } of this.#view.members) {
      if (id !== this.#self && !this.#down.has(id) && proposer.isSilent(id)) this.#options.send(id, question);
    }
    if (proposer.isSilent(this.#self)) this.hear(this.#self, question);
  }

  #decided(view: SwarmView): void {
    for (const { id } of this.#view.members) {
      if (id !== this.#self) this.#options.send(id, { type: "commit", view });
    }
    this.#adopt(view);
  }

  #adopt(view: SwarmView): void {
    if (view.epoch <= this.#view.epoch) return;
    const before = this.#view;
    this.#view = view;
    this.#voter = new Voter();
    this.#proposer = undefined;
    this.#hasProposed = false;
    this.#broken = false;
    this.#reports.clear();
    this.#settle(before);
    this.#out = memberOf(view, this.#self) === undefined;
    if (this.#out) this.#options.onOut(view);
    else this.#options.onView(view, before);
    this.#consider();
  }

  /** Forgets what was asked for and is done. */
  #settle(before: SwarmView): void {
    const isStranger = (id: PeerId) => memberOf(this.#view, id) === undefined;
    for (const id of this.#down.keys()) if (isStranger(id)) this.#down.delete(id);
    this.#breaches.settle(this.#view);
    for (const id of this.#leavers) if (isStranger(id)) this.#leavers.delete(id);
    const nodes = new Set(this.#view.members.filter(({ id }) => id >= before.nextId).map(({ node }) => node));
    this.#joiners = this.#joiners.filter(({ node }) => !nodes.has(node));
  }

  /** Proposes a view if one is due and this node leads. */
  #consider(): void {
    if (this.#out || this.#proposer !== undefined || !this.leads) return;
    const next = this.#successor();
    if (next === undefined) return;
    if (next.members.length === 0) {
      this.#out = true;
      this.#options.onOut(next);
      return;
    }
    const rank = this.#rank(this.#self);
    const enough = (votes: ReadonlySet<PeerId>) =>
      this.#options.minority === "continue"
        ? [...this.#reached].every((id) => votes.has(id))
        : isQuorum(this.#view, votes);
    this.#proposer = new Proposer(rank, next, rank === 0 && !this.#hasProposed, enough);
    this.#hasProposed = true;
    this.#ask(this.#proposer);
  }

  /** The view that should follow; undefined if this one is as it should be. */
  #successor(): SwarmView | undefined {
    const { members, epoch } = this.#view;
    const nodes = new Set(this.#joiners.map(({ node }) => node));
    const apart = this.#apart();
    const stay = members.filter(
      ({ id, node, ticket }) =>
        !this.#down.has(id) &&
        !this.#leavers.has(id) &&
        !this.#breaches.reasons.has(id) &&
        !this.#revoked.has(ticket) &&
        !apart.has(id) &&
        !nodes.has(node),
    );
    const barred = [...this.#view.barred, ...this.#breaches.barred(this.#view)].slice(-BARRED_MAX);
    const joiners = this.#joiners
      .filter(({ node, ticket }) => !this.#revoked.has(ticket) && !barred.some((one) => one.node === node))
      .slice(0, MEMBERS_MAX - stay.length);
    if (stay.length === members.length && joiners.length === 0 && !this.#broken) return undefined;
    let { nextId } = this.#view;
    const added = joiners.map((joiner): SwarmMember => ({ ...joiner, id: peerId(nextId++) }));
    return { epoch: epoch + 1, nextId, members: [...stay, ...added], barred };
  }

  /** The younger ones of members that have lost each other. */
  #apart(): ReadonlySet<PeerId> {
    const apart = new Set<PeerId>();
    for (const [accuser, lost] of this.#reports) {
      for (const [accused, ticks] of lost) {
        if (ticks < GRACE_TICKS || apart.has(accuser) || apart.has(accused)) continue;
        if (this.#down.has(accuser) || this.#down.has(accused) || this.#rank(accuser) < 0) continue;
        apart.add(this.#rank(accuser) > this.#rank(accused) ? accuser : accused);
      }
    }
    return apart;
  }
}
