/**
 * Membership of one node in a swarm: which view is the newest, who leads, and what becomes of it when members join,
 * leave or are lost. No network and no clock: it is told what happens and says what to send.
 *
 * - The member of lowest rank leads; to one that has lost or distrusts those before it, that is itself.
 * - The leader proposes a view without the members that it has lost, that want to leave, that broke a limit or whose
 *   tickets were revoked, and with those who want to join (`standing.ts`, `next-view.ts`). Who broke a limit is named
 *   there, and barred.
 * - A member votes only for whom it takes for the leader, and for what it can agree to (`consent.ts`). `succession.ts`
 *   decides; the votes travel with the view, and nobody goes on to a view that they do not prove (`certificate.ts`).
 * - Whoever has seen another break a limit tells all, signed (`accusations.ts`); each judges for itself (`judgement.ts`).
 * - Without a quorum nothing follows: a minority waits until it meets the others again, or a view without itself. Where
 *   the swarm was opened with `minority: "continue"`, those who are left go on alone; then there may be two swarms.
 * - Whoever tells of an old view is told of those that followed; a member that is not in one was expelled.
 *
 * What no member says is a `CorruptError`, thrown where it is heard: whoever said it is to blame.
 */
import { CorruptError } from "../../base/errors.ts";
import type { PeerId } from "../../ports/view.ts";
import { accuse, isSaid } from "./accusations.ts";
import type { Decision } from "./certificate.ts";
import type { ControlMessage } from "./control-messages.ts";
import { Election } from "./election.ts";
import { History } from "./history.ts";
import type { Joiner } from "./next-view.ts";
import type { Signing } from "./signing.ts";
import { Standing } from "./standing.ts";
import { isQuorum } from "./succession.ts";
import { memberOf, type SwarmMember, type SwarmView } from "./swarm-view.ts";

export interface MembershipOptions {
  readonly self: PeerId;
  readonly view: SwarmView;
  /** What a minority does; default: wait. */
  readonly minority?: "wait" | "continue";
  readonly signing: Signing;
  /** To a member that can be reached, if it can. */
  send(to: PeerId, message: ControlMessage): void;
  /** A view was decided; this node is in it. */
  onView(view: SwarmView, before: SwarmView): void;
  /** A view was decided without this node, or nobody is left in it. */
  onOut(view: SwarmView): void;
}

export class Membership {
  readonly #options: MembershipOptions;
  readonly #history: History;
  #out = false;
  #leaving = false;

  readonly #standing: Standing;
  #election: Election;
  /** Members that have gone on to views of which this node cannot tell whether they follow. */
  readonly #ahead = new Set<PeerId>();
  /** How often they were asked what came between; and whether since the last tick. */
  #asked = 0;
  #hasAsked = false;
  /** Who was told since the last tick which views followed: that is much longer than what asks for it. */
  readonly #told = new Set<PeerId>();

  constructor(options: MembershipOptions) {
    this.#options = options;
    const { self, view, signing, minority } = options;
    this.#history = new History(view, signing, (voters) => minority === "continue" && voters.has(self));
    this.#standing = new Standing(self, view);
    this.#election = this.#elect();
  }

  get view(): SwarmView {
    return this.#history.view;
  }

  /** The member that this one takes for the leader: itself, if nobody older may lead. */
  get leader(): SwarmMember {
    return this.view.members.find(({ id }) => id === this.#self || this.#standing.mayLead(id))!;
  }

  get leads(): boolean {
    return !this.#out && this.leader.id === this.#self;
  }

  /** The members that this one reaches are too few to decide on a view. */
  get waits(): boolean {
    return this.#isTooFew(this.#standing.reached);
  }

  /** Members that this one cannot reach, and why. */
  get down(): ReadonlyMap<PeerId, string> {
    return this.#standing.down;
  }

  /** Of these views the last ones, each with what proves it. */
  decisionsAfter(epoch: number): readonly Decision[] {
    return this.#history.after(epoch);
  }

  /** From a member of the view. @throws {CorruptError} for what no member says */
  hear(from: PeerId, message: ControlMessage): void {
    if (this.#out) return;
    switch (message.type) {
      case "alive":
        if (message.epoch < this.view.epoch) this.#bringForward(from, message.epoch);
        break;
      case "commit":
        this.#learn(from, message);
        break;
      case "prepare":
      case "accept":
        if (message.epoch <= this.view.epoch) this.#bringForward(from, message.epoch - 1);
        this.#election.vote(from, message);
        break;
      case "promise":
      case "accepted":
      case "refuse":
        this.#election.count(from, message);
        break;
      case "link":
        this.#standing.report(from, message.id, message.state);
        this.#consider();
        break;
      case "accusation":
        this.#accused(from, message);
        break;
      case "leave":
        this.#standing.leavers.add(from);
        this.#consider();
    }
  }

  linkUp(id: PeerId): void {
    if (this.#out) return;
    this.#told.delete(id);
    if (this.#standing.down.delete(id)) this.#tellAll({ type: "link", id, state: "up", why: "" });
    this.#election.linkUp(id);
    this.#consider();
  }

  linkDown(id: PeerId, why: string): void {
    if (this.#out) return;
    if (memberOf(this.view, id) === undefined || this.#standing.down.has(id)) return;
    this.#standing.lose(id, why);
    this.#tell({ type: "link", id, state: "down", why });
    this.#consider();
  }

  /** A member broke a limit or sent what no member sends. */
  breach(id: PeerId, why: string): void {
    if (this.#out) return;
    if (memberOf(this.view, id) === undefined) return;
    this.#standing.breaches.note(id, why, this.view);
    this.#accuse();
    this.#consider();
  }

  /** Whoever was let in by one of these tickets is to go. @param serials all that are revoked */
  revoke(serials: ReadonlySet<string>): void {
    this.#standing.revoked = serials;
    if (!this.#out) this.#consider();
  }

  /** Somebody is to be in the next view, if this node leads; asking twice is asking once. */
  join(joiner: Joiner): void {
    if (this.#out) return;
    this.#standing.join(joiner);
    this.#consider();
  }

  /** A joiner has given up. */
  withdraw(node: string): void {
    this.#standing.withdraw(node);
  }

  leave(): void {
    if (this.#out) return;
    this.#leaving = true;
    this.#standing.leavers.add(this.#self);
    this.#tellAll({ type: "leave" });
    this.#consider();
  }

  /** To be called now and then: repeats what may have been lost. */
  tick(): void {
    if (this.#out) return;
    this.#hasAsked = false;
    this.#told.clear();
    this.#standing.losses.tick();
    for (const [id, why] of this.#standing.down) this.#tell({ type: "link", id, state: "down", why });
    this.#accuse();
    if (this.#leaving) this.#tellAll({ type: "leave" });
    this.#election.tick();
    this.#consider();
  }

  get #self(): PeerId {
    return this.#options.self;
  }

  #isTooFew(members: ReadonlySet<PeerId>): boolean {
    return this.#options.minority !== "continue" && !isQuorum(this.view, members);
  }

  /** To the leader, if that is another. */
  #tell(message: ControlMessage): void {
    if (!this.leads) this.#options.send(this.leader.id, message);
  }

  #tellAll(message: ControlMessage, ...but: readonly PeerId[]): void {
    for (const { id } of this.view.members) {
      if (id !== this.#self && !but.includes(id)) this.#options.send(id, message);
    }
  }

  #bringForward(id: PeerId, epoch: number): void {
    if (this.#told.has(id)) return;
    this.#told.add(id);
    for (const decision of this.decisionsAfter(epoch)) this.#options.send(id, { type: "commit", ...decision });
  }

  /** Tells what this node has seen of others. */
  #accuse(): void {
    for (const [id, why] of this.#standing.breaches.seen(this.view)) {
      const accusation = accuse({ by: this.#self, id, why }, this.view, this.#options.signing);
      this.#tellAll({ type: "accusation", ...accusation });
    }
  }

  /** What is new is passed on, for the accuser may not reach all; but for what is said of this node. */
  #accused(from: PeerId, accusation: Extract<ControlMessage, { type: "accusation" }>): void {
    const { by, id, why } = accusation;
    const [accuser, accused] = [memberOf(this.view, by), memberOf(this.view, id)];
    if (accuser === undefined || accused === undefined || by === this.#self) return;
    if (by === id) throw new CorruptError("accusation", { expected: "one of another", got: "one of itself" });
    const { breaches } = this.#standing;
    if (breaches.hasHeard(by, id, this.view)) return;
    if (!isSaid(accusation, this.view, this.#options.signing)) {
      throw new CorruptError("accusation", { expected: `one that peer ${by} has signed`, got: "another" });
    }
    breaches.hear(by, id, why, this.view);
    if (id !== this.#self) this.#tellAll(accusation, from, by);
    this.#consider();
  }

  #decided(decision: Decision): void {
    this.#tellAll({ type: "commit", ...decision });
    this.#adopt(decision);
  }

  /** Somebody says that a view was decided. */
  #learn(from: PeerId, decision: Decision): void {
    const weighed = this.#history.weigh(decision);
    if (weighed === "next") this.#adopt(decision);
    if (weighed === "missed") this.#miss(from, decision.view);
  }

  /**
   * A view follows one that this node has not heard of. It asks what came between, once a tick. If that cannot be told any
   * more, and those who have not gone on are too few, it is out.
   */
  #miss(from: PeerId, view: SwarmView): void {
    this.#ahead.add(from);
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    this.#asked += 1;
    const rest = new Set([...this.#standing.reached].filter((id) => !this.#ahead.has(id)));
    if (this.#asked > 1 && this.#isTooFew(rest)) this.#end(view);
    else this.#options.send(from, { type: "alive", epoch: this.view.epoch });
  }

  #adopt(decision: Decision): void {
    const { view } = decision;
    const before = this.view;
    this.#history.add(decision);
    this.#ahead.clear();
    this.#asked = 0;
    this.#standing.settle(decision);
    this.#election = this.#elect();
    if (memberOf(view, this.#self) === undefined) this.#end(view);
    else this.#options.onView(view, before);
    this.#consider();
  }

  #end(view: SwarmView): void {
    this.#out = true;
    this.#options.onOut(view);
  }

  /** Answers a question that waits, and proposes a view if one is due and this node leads. */
  #consider(): void {
    if (!this.#out) this.#election.reconsider();
    if (this.#out || this.#election.isProposing || !this.leads) return;
    const next = this.#standing.next();
    if (next?.members.length === 0) this.#end(next);
    else if (next !== undefined) this.#election.propose(next);
  }

  #elect(): Election {
    return new Election({
      ...this.#options,
      view: this.view,
      standing: this.#standing,
      onDecided: (decision) => this.#decided(decision),
    });
  }
}
