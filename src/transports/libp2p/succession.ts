/**
 * Which view follows a view: one, however many members believe that they lead. It is Paxos for a single decision. A
 * proposer numbers its attempts; a voter promises to a number that it will vote for no lower one, and tells what it has
 * voted for; a proposer that hears of votes proposes the view of the highest of them in place of its own. A view is
 * decided when a quorum of the old view's members has voted for the same ballot. Votes are signed, so that whoever hears
 * of the decision can count them (`certificate.ts`).
 *
 * A quorum is more than half of the members, or half of them with the one of lowest rank among them. Two quorums share a
 * member, so at most one view follows a view, whatever is lost or late, as long as what two quorums share does not lie.
 *
 * Each member has ballots of its own. The member of rank 0 alone may use ballot 0, once, and so decides in one round trip.
 * @see Lamport 2001, "Paxos Made Simple"
 */
import { CorruptError } from "../../base/errors.ts";
import type { PeerId } from "../../ports/view.ts";
import { type Decision, digestOf, isSameView, voteFor } from "./certificate.ts";
import type { Answer, Proposal, Question } from "./control-messages.ts";
import { mayFollow } from "./next-view.ts";
import type { Signing } from "./signing.ts";
import { MEMBERS_MAX } from "./swarm-limits.ts";
import { memberOf, type SwarmMember, type SwarmView } from "./swarm-view.ts";

/** Whether `votes` of the members suffice to decide what follows a view. */
export function isQuorum(view: SwarmView, votes: ReadonlySet<PeerId>): boolean {
  const { members } = view;
  const count = members.filter(({ id }) => votes.has(id)).length;
  return 2 * count > members.length || (2 * count === members.length && votes.has(members[0]!.id));
}

/** Whose ballot it is; undefined for one that is nobody's. @param view the one that is to be followed */
export function proposerIn({ members }: SwarmView, ballot: number): SwarmMember | undefined {
  const rank = ballot % MEMBERS_MAX;
  return rank === 0 || ballot >= MEMBERS_MAX ? members[rank] : undefined;
}

/** One member's votes on what follows a view; one a ballot, whatever the proposer asks for. */
export class Voter {
  readonly #view: SwarmView;
  readonly #signing: Signing;
  #promised = -1;
  #accepted: Proposal | undefined;

  /** @param view the one that is to be followed */
  constructor(view: SwarmView, signing: Signing) {
    this.#view = view;
    this.#signing = signing;
  }

  hear(question: Question): Answer {
    const { epoch, ballot } = question;
    const accepted = this.#accepted;
    const another =
      question.type === "accept" && accepted?.ballot === ballot && !isSameView(accepted.view, question.view);
    if (ballot < this.#promised || another) return { type: "refuse", epoch, ballot, promised: this.#promised };
    this.#promised = ballot;
    if (question.type === "prepare") return { type: "promise", epoch, ballot, ...(accepted && { accepted }) };
    const { view } = question;
    this.#accepted = { ballot, view };
    const vote = this.#signing.sign(voteFor(view, digestOf(this.#view), ballot));
    return { type: "accepted", epoch, ballot, vote };
  }
}

export interface ProposerOptions {
  /** The view that is to be followed. */
  readonly view: SwarmView;
  /** Of this member in it. */
  readonly rank: number;
  /** The view to propose unless another may be decided already. */
  readonly own: SwarmView;
  readonly enough: (votes: ReadonlySet<PeerId>) => boolean;
  /** Whose word counts: what the others say may force another view on the proposer, or another attempt. */
  readonly heeded: () => ReadonlySet<PeerId>;
  readonly signing: Signing;
}

/** One member's attempts to have a view decided; one proposer a view, so that ballot 0 is used once. */
export class Proposer {
  readonly #options: ProposerOptions;
  readonly #follows: Uint8Array;
  #ballot: number;
  /** Who has promised, or has voted, and then its vote. */
  #answers = new Map<PeerId, Uint8Array>();
  /** Who has promised a higher ballot to another. */
  #refusers = new Map<PeerId, number>();
  #highest: Proposal | undefined;
  /** What votes are asked for; undefined while promises are. */
  #asked: SwarmView | undefined;

  constructor(options: ProposerOptions) {
    const { rank, own } = options;
    this.#options = options;
    this.#follows = digestOf(options.view);
    this.#ballot = rank === 0 ? 0 : MEMBERS_MAX + rank;
    if (rank === 0) this.#asked = own;
  }

  /** What to ask all members of; again, if answers were lost. */
  get question(): Question {
    const { epoch } = this.#options.own;
    const ballot = this.#ballot;
    if (this.#asked === undefined) return { type: "prepare", epoch, ballot };
    return { type: "accept", epoch, ballot, view: this.#asked };
  }

  /** Who has not answered the question. */
  isSilent(id: PeerId): boolean {
    return !this.#answers.has(id);
  }

  /**
   * Takes an answer. @returns the view if it is decided, `ask` if there is a new question
   * @throws {CorruptError} for an answer that no member gives
   */
  hear(from: PeerId, answer: Answer): Decision | "ask" | undefined {
    if (answer.ballot !== this.#ballot) return undefined;
    if (answer.type !== "accepted" && !this.#options.heeded().has(from)) return undefined;
    if (answer.type === "refuse") {
      this.#refusers.set(from, answer.promised);
      return this.recount();
    }
    if ((answer.type === "promise") !== (this.#asked === undefined) || !this.isSilent(from)) return undefined;
    if (answer.type === "promise") this.#learn(answer.accepted);
    else this.#check(from, answer.vote);
    this.#answers.set(from, answer.type === "promise" ? NO_VOTE : answer.vote);
    return this.recount();
  }

  /** As `hear`, when fewer votes may be enough than before. */
  recount(): Decision | "ask" | undefined {
    const { enough, own } = this.#options;
    if (!enough(new Set(this.#answers.keys()))) return this.#climb();
    if (this.#asked !== undefined) {
      const certificate = { follows: this.#follows, ballot: this.#ballot, votes: this.#answers };
      return { view: this.#asked, certificate };
    }
    this.#asked = this.#highest?.view ?? own;
    this.#answers = new Map();
    return "ask";
  }

  #learn(accepted: Proposal | undefined): void {
    if (accepted === undefined) return;
    const { view } = this.#options;
    if (accepted.ballot > this.#ballot || !mayFollow(view, accepted.view)) {
      throw new CorruptError("promise", { expected: "a view that may follow, voted for before", got: "another" });
    }
    if (this.#highest === undefined || accepted.ballot > this.#highest.ballot) this.#highest = accepted;
  }

  #check(from: PeerId, vote: Uint8Array): void {
    const { view, signing } = this.#options;
    const node = memberOf(view, from)?.node ?? "";
    if (signing.verifies(node, voteFor(this.#asked!, this.#follows, this.#ballot), vote)) return; // votes are asked for
    throw new CorruptError("vote", { expected: "one that the voter has signed", got: "another" });
  }

  /**
   * Goes above the least that another was promised, if the rest are too few: nobody stops an attempt alone, nor drives it
   * beyond all ballots as long as those are enough that do not lie.
   */
  #climb(): "ask" | undefined {
    const { enough, heeded, rank } = this.#options;
    const willing = new Set([...heeded()].filter((id) => !this.#refusers.has(id)));
    if (this.#refusers.size === 0 || enough(willing)) return undefined;
    const promised = Math.max(this.#ballot, Math.min(...this.#refusers.values()));
    const ballot = promised + 1 + ((rank + MEMBERS_MAX - ((promised + 1) % MEMBERS_MAX)) % MEMBERS_MAX); // its next one
    if (ballot > BALLOT_MAX) return undefined; // nobody promises so much who does not lie
    this.#ballot = ballot;
    this.#answers = new Map();
    this.#refusers = new Map();
    this.#asked = undefined;
    return "ask";
  }
}

/** What a message holds. */
const BALLOT_MAX = 2 ** 32 - 1;
const NO_VOTE = new Uint8Array(0);
