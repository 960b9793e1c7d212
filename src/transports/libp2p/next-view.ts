/**
 * Next view: what may follow a view, whoever proposes it. Members stay as they are and in their order; joiners come behind
 * them under new ids; who is named as dropped was a member and is out.
 */
import { peerId } from "../../ports/view.ts";
import type { Role } from "./admission-port.ts";
import { isSameView } from "./certificate.ts";
import { BARRED_MAX, IDS_MAX, MEMBERS_MAX } from "./swarm-limits.ts";
import type { Barred, SwarmMember, SwarmView } from "./swarm-view.ts";

/** Whoever was admitted and waits for a view. */
export interface Joiner {
  readonly node: string;
  readonly role: Role;
  readonly addresses: readonly string[];
  /** The serial of its ticket; empty if it showed none. */
  readonly ticket: string;
}

export interface Changes {
  readonly stays: (member: SwarmMember) => boolean;
  /** Those who are out and may not come back. */
  readonly barred: readonly Barred[];
  readonly joiners: readonly Joiner[];
}

/** The view after these changes. A node that joins again takes the place of the member that it was. */
export function nextView(before: SwarmView, changes: Changes): SwarmView {
  const barred = [...before.barred, ...changes.barred].slice(-BARRED_MAX);
  const isBarred = (node: string) => barred.some((one) => one.node === node);
  const joiners = changes.joiners.filter(({ node }) => !isBarred(node));
  const back = new Set(joiners.map(({ node }) => node));
  const stay = before.members.filter((member) => changes.stays(member) && !back.has(member.node));
  let { nextId } = before;
  const added = joiners
    .slice(0, Math.max(0, Math.min(MEMBERS_MAX - stay.length, IDS_MAX - nextId)))
    .map(({ node, role, addresses, ticket }): SwarmMember => ({ node, role, addresses, ticket, id: peerId(nextId++) }));
  return { swarm: before.swarm, epoch: before.epoch + 1, nextId, members: [...stay, ...added], barred };
}

/** Whether a view may follow another: whether some changes lead to it. Who proposes another one lies. */
export function mayFollow(before: SwarmView, next: SwarmView): boolean {
  const isOld = ({ node }: Barred) => before.members.some((member) => member.node === node);
  const staying = new Set(next.members.map(({ id }) => id));
  const lawful = nextView(before, {
    stays: ({ id }) => staying.has(id),
    barred: next.barred.filter(isOld),
    joiners: next.members.filter(({ id }) => id >= before.nextId),
  });
  const nodes = [...next.members, ...next.barred].map(({ node }) => node);
  return new Set(nodes).size === nodes.length && isSameView(lawful, next);
}
