/**
 * Election: one member's part in deciding which view follows a view: it votes, and it may propose. Made anew for each view.
 */
import { CorruptError } from "../../base/errors.ts";
import type { PeerId } from "../../ports/view.ts";
import type { Decision } from "./certificate.ts";
import { Consent } from "./consent.ts";
import type { Answer, ControlMessage, Question } from "./control-messages.ts";
import type { Signing } from "./signing.ts";
import type { Standing } from "./standing.ts";
import { isQuorum, Proposer, proposerIn, Voter } from "./succession.ts";
import type { SwarmView } from "./swarm-view.ts";

export interface ElectionOptions {
  readonly self: PeerId;
  /** The one that is to be followed. */
  readonly view: SwarmView;
  readonly standing: Standing;
  readonly minority?: "wait" | "continue";
  readonly signing: Signing;
  send(to: PeerId, message: ControlMessage): void;
  /** What this member has proposed, or somebody before it, is decided. */
  onDecided(decision: Decision): void;
}

export class Election {
  readonly #options: ElectionOptions;
  readonly #voter: Voter;
  readonly #consent: Consent;
  #proposer: Proposer | undefined;

  constructor(options: ElectionOptions) {
    const { self, view, standing, signing } = options;
    this.#options = options;
    this.#voter = new Voter(view, signing);
    this.#consent = new Consent(self, view, standing);
  }

  get isProposing(): boolean {
    return this.#proposer !== undefined;
  }

  propose(own: SwarmView): void {
    const { self, view, standing, minority, signing } = this.#options;
    const trusted = () => new Set([...standing.reached].filter((id) => id === self || standing.mayLead(id)));
    const enough = (votes: ReadonlySet<PeerId>) =>
      minority === "continue" ? [...trusted()].every((id) => votes.has(id)) : isQuorum(view, votes);
    const heeded = () => (enough(trusted()) ? trusted() : standing.reached);
    this.#proposer = new Proposer({ view, rank: this.#rank(self), own, enough, heeded, signing });
    this.#ask(this.#proposer);
  }

  /** Votes, if nobody of lower rank than the proposer may lead. @throws {CorruptError} for what no member asks */
  vote(from: PeerId, question: Question): void {
    const { self, view, standing, send } = this.#options;
    const rank = this.#rank(from);
    if (question.epoch !== view.epoch + 1 || rank < 0) return; // from further ahead: others will say what came between
    if (proposerIn(view, question.ballot)?.id !== from) {
      throw new CorruptError("ballot", { expected: `one of rank ${rank}`, got: question.ballot });
    }
    const older = view.members.slice(0, rank);
    if (older.some(({ id }) => standing.mayLead(id)) || !(from === self || standing.mayLead(from))) return;
    if (from !== self && question.type === "accept" && !this.#consent.givenTo(from, question)) return;
    const answer = this.#voter.hear(question);
    if (from === self) this.count(from, answer);
    else send(from, answer);
  }

  /** @throws {CorruptError} for what no member answers */
  count(from: PeerId, answer: Answer): void {
    if (this.#proposer !== undefined && answer.epoch === this.#options.view.epoch + 1) {
      this.#go(this.#proposer, this.#proposer.hear(from, answer));
    }
  }

  /** Something has changed: a question that waits may be answered, and other answers may be enough. */
  reconsider(): void {
    const { waiting } = this.#consent;
    if (waiting !== undefined) this.vote(waiting.from, waiting.question);
    if (this.#proposer !== undefined) this.#go(this.#proposer, this.#proposer.recount());
  }

  linkUp(id: PeerId): void {
    if (this.#proposer?.isSilent(id)) this.#options.send(id, this.#proposer.question);
  }

  /** To be called now and then: repeats what may have been lost. */
  tick(): void {
    this.#consent.tick();
    if (this.#proposer !== undefined) this.#ask(this.#proposer);
  }

  #rank(id: PeerId): number {
    return this.#options.view.members.findIndex((member) => member.id === id);
  }

  #go(proposer: Proposer, outcome: Decision | "ask" | undefined): void {
    if (outcome === "ask") this.#ask(proposer);
    else if (outcome !== undefined) this.#options.onDecided(outcome);
  }

  #ask(proposer: Proposer): void {
    const { self, view, standing, send } = this.#options;
    const { question } = proposer;
    for (const { id } of view.members) {
      if (id !== self && !standing.down.has(id) && proposer.isSilent(id)) send(id, question);
    }
    if (proposer.isSilent(self)) this.vote(self, question);
  }
}
