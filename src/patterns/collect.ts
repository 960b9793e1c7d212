/**
 * Collecting: one message of every worker, and the note of every member, at a member that aggregates.
 */
import type { Aggregation } from "../aggregators/aggregator.ts";
import type { Seconds } from "../base/units.ts";
import { ByteSource } from "../coding/bytes.ts";
import type { Peer, Tag } from "../ports/peer.ts";
import { messageRandom } from "../rounds/round.ts";
import { splitShare } from "./notes.ts";
import type { Note } from "./pattern.ts";

export interface Collecting {
  readonly peer: Peer;
  readonly codecCost: Seconds | undefined;
  /** Members come and go. */
  readonly elastic: boolean | undefined;
  readonly aggregation: Aggregation;
  /** Becomes the aggregate, also where a note undoes the round. */
  readonly sum: Float32Array;
}

/**
 * Takes the messages in rank order; each is decoded while the next is still on its way. A member that is no worker sends
 * its note alone.
 * @param own this member's message, if it is a worker
 * @returns the largest note told by any member
 */
export async function collect(
  { peer, codecCost, elastic, aggregation, sum }: Collecting,
  own: Uint8Array,
  tag: Tag,
  note: Note,
): Promise<Note> {
  const { members, workers } = peer.view;
  let loudest = note;
  aggregation.begin(sum, workers.length);
  for (const member of members) {
    const body = member === peer.id ? undefined : await peer.receive(member, tag);
    const { message, note: told } =
      body === undefined ? { message: own, note } : splitShare(body, member, peer, elastic);
    loudest = Math.max(loudest, told);
    const worker = workers.indexOf(member);
    if (worker < 0) new ByteSource(message, "message of a member without data").end();
    else {
      const rng = messageRandom(peer, member, tag);
      await peer.work("decode", codecCost, () => aggregation.add(worker, message, rng, sum));
    }
    if (body !== undefined) peer.recycle(body);
  }
  await peer.work("decode", codecCost, () => aggregation.finish(sum));
  return loudest;
}
