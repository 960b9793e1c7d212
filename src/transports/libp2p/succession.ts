/**
 * Which view follows a view: one, however many members believe that they lead. It is Paxos for a single decision. A
 * proposer numbers its attempts; a voter promises to a number that it will vote for no lower one, and tells what it has
 * voted for; a proposer that hears of votes proposes the view of the highest of them in place of its own. A view is
 * decided when a quorum of the old view's members has voted for the same ballot.
 *
 * A quorum is more than half of the members, or half of them with the one of lowest rank among them. Two quorums share a
 * member, so at most one view follows a view, whatever is lost or late, as long as members do not lie.
 *
 * The member of rank 0 alone may use ballot 0, once, and so decides in one round trip.
 * @see Lamport 2001, "Paxos Made Simple"
 */
import { assert } from "../../base/errors.ts";
import type { PeerId } from "../../ports/view.ts";
import type { Answer, ControlMessage, Proposal } from "./control-messages.ts";
import { MEMBERS_MAX } from "./swarm-limits.ts";
import type { SwarmView } from "./swarm-view.ts";

/** Whether `votes` of the members suffice to decide what follows a view. */
export function isQuorum(view: SwarmView, votes: ReadonlySet<PeerId>): boolean {
  const { members } = view;
  const count = members.filter(({ id }) => votes.has(id)).length;
  return 2 * count > members.length || (2 * count === members.length && votes.has(members[0]!.id));
}

/** One member's votes on what follows a view. */
export class Voter {
  #promised = -1;
  #accepted: Proposal | undefined;

  prepare(epoch: number, ballot: number): Answer {
    if (ballot < this.#promised) return this.#refuse(epoch, ballot);
    this.#promised = ballot;
    const accepted = this.#accepted;
    return { type: "promise", epoch, ballot, ...(accepted && { accepted }) };
  }

  accept(epoch: number, ballot: number, view: SwarmView): Answer {
    if (ballot < this.#promised) return this.#refuse(epoch, ballot);
    this.#promised = ballot;
    this.#accepted = { ballot, view };
    return { type: "accepted", epoch, ballot };
  }

  #refuse(epoch: number, ballot: number): Answer {
    return { type: "refuse", epoch, ballot, promised: this.#promised };
  }
}

/** One member's attempts to have a view decided. */
export class Proposer {
  readonly #rank: number;
  readonly #enough: (votes: ReadonlySet<PeerId>) => boolean;
  readonly #own: SwarmView;
  #ballot: number;
  #votes = new Set<PeerId>();
  #highest: Proposal | undefined;
  /** What votes are asked for; undefined while promises are. */
  #asked: SwarmView | undefined;

  /**
   * @param rank of this member in the view that is to be followed
   * @param own the view to propose unless another may be decided already
   * @param first whether this is the first attempt of the member with rank 0
   */
  constructor(rank: number, own: SwarmView, first: boolean, enough: (votes: ReadonlySet<PeerId>) => boolean) {
    assert(rank === 0 || !first, "ballot 0 belongs to rank 0");
    this.#rank = rank;
    this.#own = own;
    this.#enough = enough;
    this.#ballot = first ? 0 : MEMBERS_MAX + rank;
    if (first) this.#asked = own;
  }

  /** What to ask all members of; again, if answers were lost. */
  get question(): ControlMessage {
    const { epoch } = this.#own;
    const ballot = this.#ballot;
    if (this.#asked === undefined) return { type: "prepare", epoch, ballot };
    return { type: "accept", epoch, ballot, view: this.#asked };
  }

  /** Who has not answered the question. */
  isSilent(id: PeerId): boolean {
    return !this.#votes.has(id);
  }

  /** Takes an answer. @returns the view if it is decided, `ask` if there is a new question */
  hear(from: PeerId, answer: Answer): SwarmView | "ask" | undefined {
    if (answer.type === "refuse") return this.#refused(answer.promised);
    if (answer.ballot !== this.#ballot || (answer.type === "promise") !== (this.#asked === undefined)) return undefined;
    this.#votes.add(from);
    if (answer.type === "promise" && answer.accepted !== undefined) this.#learn(answer.accepted);
    return this.recount();
  }

  /** As `hear`, when fewer votes may be enough than before. */
  recount(): SwarmView | "ask" | undefined {
    if (!this.#enough(this.#votes)) return undefined;
    if (this.#asked !== undefined) return this.#asked;
    this.#asked = this.#highest?.view ?? this.#own;
    this.#votes = new Set();
    return "ask";
  }

  #learn(accepted: Proposal): void {
    if (this.#highest === undefined || accepted.ballot > this.#highest.ballot) this.#highest = accepted;
  }

  /** Somebody was promised a higher ballot: the next attempt goes above it. */
  #refused(promised: number): "ask" | undefined {
    if (promised <= this.#ballot) return undefined;
    this.#ballot = (Math.floor(promised / MEMBERS_MAX) + 1) * MEMBERS_MAX + this.#rank;
    this.#votes = new Set();
    this.#asked = undefined;
    return "ask";
  }
}
