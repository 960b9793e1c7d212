/**
 * Goes on in a new view: its members agree on the round to go on from, whoever lacks the state is given it, and what
 * exchanges remember settles (`rounds/agreement.ts`).
 */
import { CheckpointError, CorruptError, NonFiniteError, PeerLost } from "../base/errors.ts";
import type { NamedVectors } from "../base/state.ts";
import type { PeerId } from "../ports/view.ts";
import { type Agreement, acknowledge, agree, type Bounds } from "../rounds/agreement.ts";
import { blaming, expelling } from "../rounds/reading-peer.ts";
import { receiveState, sendState } from "../rounds/state-transfer.ts";
import type { Participant } from "./course.ts";

/** Entries of scalars that a state may have beyond those of this peer's own. */
const STATE_MARGIN = 1024;

/** Views that the others of a gossip may have begun without this peer, in each of which they may come H further. */
const VIEWS_MISSED = 4;

const EXCHANGES_MAX = 2 ** 31;

/**
 * If the new view does not last until all have agreed, or nobody in it has data, in the one after it.
 * @param entered the peer is in the view already
 * @returns false if there is nobody to go on with, since the run has ended
 */
export async function regroup(own: Participant, entered = false): Promise<boolean> {
  const { peer, setup } = own;
  for (let there = entered; ; there = false) {
    try {
      if (!there) await peer.nextView();
      if (peer.view.workers.length > 0) return await expelling(peer, () => meet(own));
      if (setup.host.ended?.()) return false;
    } catch (error) {
      if (!(error instanceof PeerLost)) throw error;
    }
  }
}

/** @returns false if nobody has any state, since the run has ended */
async function meet(own: Participant): Promise<boolean> {
  const { peer, learner, course, setup } = own;
  const { veteran, attempt, exchanges } = course;
  const standing = { veteran, round: learner.holds(course.round), attempt, exchanges };
  const agreement = await agree(peer, standing, boundsOf(own));
  if (!veteran && !agreement.joined.has(peer.id) && setup.host.ended?.()) return false;
  recover(own, agreement);
  const brought = bringsForward(own, agreement);
  if (agreement.source === peer.id && brought.length > 0) await sendState(peer, brought, learner.replica());
  const state = brought.includes(peer.id) ? await receiveState(peer, agreement.source, mostState(own)) : undefined;
  // From here on this peer is in the new view as a whole.
  learner.settle(agreement.round);
  if (state !== undefined) adopt(own, agreement.source, state);
  learner.regroup(agreement.joined, brought);
  const { members: before } = course.view;
  course.enter();
  course.round = agreement.round;
  course.attempt = agreement.attempt;
  course.exchanges = agreement.exchanges;
  course.veteran = true;
  if (course.rank === 0 || setup.host.alone) tell(own, before, agreement, brought);
  if (learner.lazy) await acknowledge(peer);
  return true;
}

/** Who has not trained, may be absent from rounds or only hears of them knows no more than how many there are. */
function boundsOf({ peer, learner, course, setup: { job, method } }: Participant): Bounds {
  const isNeeded = course.rank === 0 || (!learner.lazy && course.view.workers.includes(peer.id));
  if (!course.veteran || !isNeeded) return { rounds: job.rounds, exchanges: EXCHANGES_MAX };
  const { hops } = course;
  const ahead = hops === undefined ? 1 : VIEWS_MISSED * (Math.max(hops, method.hops?.(peer.view) ?? 0) + 1);
  // Members that are absent run ahead, and count what they are absent from.
  const counted = learner.lazy ? job.rounds : ahead;
  return { rounds: Math.min(course.round + ahead, job.rounds), exchanges: course.exchanges + counted };
}

/** Entries that another member's state may have: what a replica here has, and some for what is not there yet. */
function mostState({ learner, setup }: Participant): number {
  const own = [...learner.replica().values()].reduce((sum, { length }) => sum + length, 0);
  return own + 2 * setup.model.layout.length + STATE_MARGIN;
}

/** @throws {CorruptError} for the state of another kind of learner; this one then knows nothing, and is given another */
function adopt({ learner, course }: Participant, source: PeerId, state: NamedVectors): void {
  try {
    learner.adopt(state);
  } catch (cause) {
    if (!(cause instanceof CheckpointError || cause instanceof NonFiniteError)) throw cause;
    course.veteran = false;
    const { expected, got } = cause;
    throw blaming(source, new CorruptError(`state of peer ${source}`, { expected, got, cause }));
  }
}

/** What this peer had of its own when all began again is right where the others are at its round. */
function recover({ peer, learner, course, setup: { resumed } }: Participant, { behind }: Agreement): void {
  if (course.veteran || !resumed?.wiresAnew || resumed.learner === undefined || behind.has(peer.id)) return;
  learner.recover(resumed.learner);
}

/** Who is given the state of the agreement's source. */
function bringsForward({ peer, learner, course }: Participant, { joined, behind }: Agreement): readonly PeerId[] {
  const { members } = peer.view;
  if (course.hops !== undefined) return members.filter((id) => joined.has(id)); // the models of all differ
  if (learner.lazy) return members.slice(0, 1).filter((id) => behind.has(id));
  return members.filter((id) => behind.has(id));
}

function tell(
  { course, setup }: Participant,
  before: readonly PeerId[],
  { round, joined }: Agreement,
  brought: readonly PeerId[],
): void {
  const { epoch, members } = course.view;
  setup.host.regrouped?.({
    epoch,
    members,
    lost: before.filter((id) => !members.includes(id) || joined.has(id)),
    joined: [...joined],
    round,
    brought,
    seconds: course.elapsed,
  });
}
