/**
 * Members of a swarm in one place: they talk over links which the test cuts and mends, with messages that it delivers.
 */
import { createHash } from "node:crypto";
import { CorruptError } from "../../base/errors.ts";
import { type PeerId, peerId } from "../../ports/view.ts";
import { type Certificate, digestOf, isSame, voteFor } from "./certificate.ts";
import type { ControlMessage } from "./control-messages.ts";
import { Membership } from "./membership.ts";
import type { Joiner } from "./next-view.ts";
import type { Signing } from "./signing.ts";
import { memberOf, type SwarmMember, type SwarmView } from "./swarm-view.ts";

const member = (id: number): SwarmMember => ({
  id: peerId(id),
  node: `node ${id}`,
  role: "train",
  addresses: [],
  ticket: `ticket ${id}`,
});

export const viewOf = (count: number): SwarmView => ({
  swarm: "test",
  epoch: 0,
  nextId: count,
  members: Array.from({ length: count }, (_, id) => member(id)),
  barred: [],
});

export class World {
  readonly members: Map<PeerId, Membership> = new Map();
  /** Messages under way, in the order of each link. */
  readonly mail: { readonly from: PeerId; readonly to: PeerId; readonly message: ControlMessage }[] = [];
  /** The views that any member took for decided, by epoch, as text. */
  readonly decided: Map<number, Set<string>> = new Map();
  /** Who said what no member says. */
  readonly blamed: string[] = [];
  readonly out: Set<PeerId> = new Set();
  readonly #cut = new Set<string>();
  readonly #minority: "wait" | "continue";

  constructor(count: number, minority: "wait" | "continue" = "wait") {
    this.#minority = minority;
    for (const { id } of viewOf(count).members) this.add(id, viewOf(count));
  }

  add(id: PeerId, view: SwarmView): Membership {
    const membership: Membership = new Membership({
      self: id,
      view,
      minority: this.#minority,
      signing: signingOf(view, id),
      send: (to, message) => {
        if (!this.isCut(id, to)) this.mail.push({ from: id, to, message });
      },
      onView: (view) => this.#note(view),
      onOut: (view) => {
        this.out.add(id);
        if (view.members.length > 0) this.#note(view); // a member that leaves alone decides nothing
      },
    });
    this.members.set(id, membership);
    return membership;
  }

  get(id: number): Membership {
    return this.members.get(peerId(id))!;
  }

  isCut(a: PeerId, b: PeerId): boolean {
    return this.#cut.has(pair(a, b)) || !this.members.has(b);
  }

  /** Both ends see the link break; what was under way on it is lost. */
  cut(a: number, b: number): void {
    const [one, other] = [peerId(a), peerId(b)];
    if (one === other || this.#cut.has(pair(one, other))) return;
    this.#cut.add(pair(one, other));
    for (let i = this.mail.length - 1; i >= 0; i--) {
      if (pair(this.mail[i]!.from, this.mail[i]!.to) === pair(one, other)) this.mail.splice(i, 1);
    }
    this.members.get(one)?.linkDown(other, "cut");
    this.members.get(other)?.linkDown(one, "cut");
  }

  mend(a: number, b: number): void {
    const [one, other] = [peerId(a), peerId(b)];
    if (!this.#cut.delete(pair(one, other))) return;
    this.members.get(one)?.linkUp(other);
    this.members.get(other)?.linkUp(one);
  }

  /** Nobody reaches it any more. */
  kill(id: number): void {
    for (const other of [...this.members.keys()]) this.cut(id, other);
    this.members.delete(peerId(id));
  }

  deliver(index = 0): void {
    const first = this.mail[index];
    // Of one link only the first message may come: streams keep their order.
    const at = this.mail.findIndex(({ from, to }) => from === first?.from && to === first.to);
    if (at < 0) return;
    const [{ from, to, message }] = this.mail.splice(at, 1) as [(typeof this.mail)[number]];
    this.tell(from, to, message);
  }

  /** What no member says is a breach of whoever said it; there the link ends. */
  tell(from: PeerId, to: PeerId, message: ControlMessage): void {
    const hearer = this.members.get(to);
    try {
      hearer?.hear(from, message);
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      this.blamed.push(`${from} by ${to}: ${error.message}`);
      hearer!.breach(from, error.message);
      this.cut(from, to);
    }
  }

  settle(ticks = 6): void {
    for (let i = 0; i < ticks; i++) {
      while (this.mail.length > 0) this.deliver();
      for (const [id, membership] of this.members) {
        membership.tick();
        for (const { id: other } of membership.view.members) {
          if (other !== id && !this.isCut(id, other)) {
            this.mail.push({ from: id, to: other, message: { type: "alive", epoch: membership.view.epoch } });
          }
        }
      }
    }
    while (this.mail.length > 0) this.deliver();
  }

  #note(view: SwarmView): void {
    const texts = this.decided.get(view.epoch) ?? new Set();
    this.decided.set(view.epoch, texts.add(JSON.stringify(view)));
  }
}

/** A member's, as if its secret were its name. Only what it is to sign itself may be signed with it. */
export function signingOf(view: SwarmView, id: PeerId): Signing {
  const own = memberOf(view, id)!.node;
  return {
    sign: (message) => seal(own, message),
    verifies: (node, message, signature) => isSame(seal(node, message), signature),
  };
}

const seal = (node: string, message: Uint8Array): Uint8Array =>
  new Uint8Array(createHash("sha512").update(`${node}\n`).update(message).digest());

const pair = (a: PeerId, b: PeerId): string => (a < b ? `${a}-${b}` : `${b}-${a}`);

export const joiner = (node: string): Joiner => ({ node, role: "train", addresses: [], ticket: `ticket of ${node}` });

/** The view that a member is in. */
export const idsIn = (world: World, id: number): number[] => world.get(id).view.members.map((member) => member.id);
export const barredIn = (world: World, id: number): string[] => world.get(id).view.barred.map(({ node }) => node);

/** With the votes of these. @param signs who writes them all, in place of each its own */
export function certificate(
  before: SwarmView,
  view: SwarmView,
  voters: readonly number[],
  signs?: number,
): Certificate {
  const vote = voteFor(view, digestOf(before), 0);
  const votes = voters.map((id) => [peerId(id), signingOf(before, peerId(signs ?? id)).sign(vote)] as const);
  return { follows: digestOf(before), ballot: 0, votes: new Map(votes) };
}
