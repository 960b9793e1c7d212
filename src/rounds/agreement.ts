/**
 * Agreement: how the members of a new view find the round to go on from. Rank 0 hears where each stands and tells all:
 *
 *     every member i:  (rounds done r_i, whether it has any state at all)        → rank 0
 *     rank 0:          r = max r_i; who has its state; attempt                   → every member
 *
 * A round that any member has done is decided: whoever was in the middle of it took part in it, and commits. A later round
 * is undone, and made again in the new view as one more attempt. Members that do not have the state after r rounds get it
 * from one who has (`state-transfer.ts`). Two messages a member and view; none in a round in which nobody is lost.
 *
 * No honest member is far ahead of another. A round needs all who take part in it, so a member that has done p rounds knows
 * that at most p + 1 are done, and p + H in one view of a gossip of H hops. A member that may be absent, or only
 * hears, cannot tell. Whoever says more is lying, and so is a rank 0 whose plan says more (`Bounds`).
 *
 * If yet another member is lost meanwhile, `PeerLost` is thrown, nothing was changed, and the next view agrees anew. Nobody
 * can have made a round without those who were not told, where all take part in every round; where some may be absent, rank
 * 0 hears from each that it was told before it makes one (`acknowledge`), a third message. Else a member that was not would
 * take a round that was undone and made again without it for the one that it was in.
 */

import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { MAX_ATTEMPT } from "../coding/limits.ts";
import type { Peer, Tag, WaitOptions } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";

/** Where a member stands. */
export interface Standing {
  /** It has trained before; one that has just come knows nothing. */
  readonly veteran: boolean;
  /** r_i: it has the state after so many rounds. */
  readonly round: number;
  /** How often the round that it was in was undone. */
  readonly attempt: number;
  /** Exchanges made so far, those that were undone included. */
  readonly exchanges: number;
}

/** What nobody who tells the truth can have done more than, as far as this member knows. */
export interface Bounds {
  readonly rounds: number;
  readonly exchanges: number;
}

export interface Agreement {
  /** r */
  readonly round: number;
  readonly attempt: number;
  readonly exchanges: number;
  /** The first in rank that has the state after r rounds. */
  readonly source: PeerId;
  /** Members that have just come. */
  readonly joined: ReadonlySet<PeerId>;
  /** Members that do not have the state after r rounds, those that have just come included. */
  readonly behind: ReadonlySet<PeerId>;
}

const HELLO: Tag = { kind: "view", round: 0, part: 0 };
const PLAN: Tag = { kind: "view", round: 0, part: 1 };
const TOLD: Tag = { kind: "view", round: 0, part: 2 };
const HELLO_BYTES = 10;
const NOTHING = new Uint8Array(0);

const STANDS = { current: 0, behind: 1, joined: 2 } as const;

/** @throws {PeerLost} if a member is lost before all have agreed {CorruptError} also for what is beyond the bounds */
export async function agree(peer: Peer, standing: Standing, bounds: Bounds, options?: WaitOptions): Promise<Agreement> {
  const { members } = peer.view;
  const [first, ...others] = members;
  if (peer.id !== first) {
    await peer.send(first!, HELLO, helloOf(standing));
    return await received(peer, first!, PLAN, options, (body) => readPlan(body, peer, standing, bounds));
  }
  const standings = new Map<PeerId, Standing>([[peer.id, standing]]);
  for (const id of others) {
    standings.set(id, await received(peer, id, HELLO, options, (body) => readHello(body, bounds)));
  }
  const plan = planOf(standings);
  await peer.send(others, PLAN, plan);
  return readPlan(plan, peer, standing, bounds);
}

/** At rank 0: returns when all have been told what was agreed. @throws {PeerLost} if a member is lost before */
export async function acknowledge(peer: Peer, options?: WaitOptions): Promise<void> {
  const [first, ...others] = peer.view.members;
  if (peer.id !== first) await peer.send(first!, TOLD, NOTHING);
  else for (const id of others) await received(peer, id, TOLD, options, () => {});
}

/** Reads a body, and hands it back. */
async function received<T>(
  peer: Peer,
  from: PeerId,
  tag: Tag,
  options: WaitOptions | undefined,
  read: (body: Uint8Array) => T,
): Promise<T> {
  const body = await peer.receive(from, tag, options);
  const told = read(body);
  peer.recycle(body);
  return told;
}

function helloOf({ veteran, round, attempt, exchanges }: Standing): Uint8Array {
  return new ByteSink(HELLO_BYTES).u8(Number(veteran)).u8(attempt).u32(round).u32(exchanges).written;
}

/** @throws {CorruptError} */
function readHello(body: Uint8Array, bounds: Bounds): Standing {
  const source = new ByteSource(body, "standing of a member");
  const veteran = source.u8() !== 0;
  const attempt = source.u8();
  const [round, exchanges] = [source.u32(), source.u32()];
  source.end();
  checkBounds({ round, exchanges }, source, bounds);
  return { veteran, round, attempt, exchanges };
}

/** @throws {CorruptError} */
function checkBounds(
  { round, exchanges }: Pick<Standing, "round" | "exchanges">,
  source: ByteSource,
  { rounds, exchanges: exchangesMax }: Bounds,
): void {
  if (round > rounds) throw source.corrupt(`at most ${rounds} rounds done`, round);
  if (exchanges > exchangesMax) throw source.corrupt(`at most ${exchangesMax} exchanges`, exchanges);
}

/** Where nobody has any state, as when all have come back, all begin as they are. */
function planOf(standings: ReadonlyMap<PeerId, Standing>): Uint8Array {
  const all = [...standings.values()];
  const veterans = all.filter(({ veteran }) => veteran);
  const known = veterans.length > 0 ? veterans : all;
  const largest = (of: (standing: Standing) => number) => Math.max(...known.map(of));
  const round = largest((standing) => standing.round);
  const into = new ByteSink(HELLO_BYTES + standings.size);
  into.u8(Math.min(largest(({ attempt }) => attempt) + 1, MAX_ATTEMPT)).u8(0);
  into.u32(round).u32(largest(({ exchanges }) => exchanges));
  for (const standing of all) into.u8(standsOf(standing, round, veterans.length > 0));
  return into.written;
}

function standsOf({ veteran, round }: Standing, agreed: number, anyVeteran: boolean): number {
  if (!veteran && anyVeteran) return STANDS.joined;
  return round === agreed ? STANDS.current : STANDS.behind;
}

/** @throws {CorruptError} also where it is not true of this member */
function readPlan(body: Uint8Array, { id, view: { members } }: Peer, own: Standing, bounds: Bounds): Agreement {
  const from = new ByteSource(body, "agreement on rounds");
  const attempt = from.u8();
  from.u8();
  const [round, exchanges] = [from.u32(), from.u32()];
  const stands = members.map(() => from.u8());
  from.end();
  checkBounds({ round, exchanges }, from, bounds);
  const standing = stands[members.indexOf(id)];
  if (own.veteran && standing !== standsOf(own, round, true)) {
    throw from.corrupt(`the standing of peer ${id} after ${own.round} rounds`, `${standing} of ${round}`);
  }
  if (own.veteran && round < own.round) throw from.corrupt(`round ${own.round} or a later one`, round);
  const source = members.find((_, i) => stands[i] === STANDS.current);
  if (source === undefined) throw from.corrupt("a member that has the state", "none");
  return {
    round,
    attempt,
    exchanges,
    source,
    joined: new Set(members.filter((_, i) => stands[i] === STANDS.joined)),
    behind: new Set(members.filter((_, i) => stands[i] !== STANDS.current)),
  };
}
