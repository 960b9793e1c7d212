/**
 * Conclusion: how members that come and go end together. Nobody leaves before all have done the last round, so that whoever
 * loses another in it finds one who has its result:
 *
 *     every member:  done, and what it has to report      → rank 0
 *     rank 0:        over, and the sum of the reports      → every member
 *
 * Two messages a member and run. If a member is lost before all are done, `PeerLost` is thrown, and the next view agrees
 * on where to go on.
 */
import { PeerLost } from "../base/errors.ts";
import type { Peer, Tag } from "../ports/peer.ts";

const NOTHING = new Uint8Array(0);

/** What each member has to report, and how reports add up, one after the other in rank order. */
export interface Reporting {
  readonly own: Uint8Array;
  add(sum: Uint8Array, report: Uint8Array): Uint8Array;
}

const SILENCE: Reporting = { own: NOTHING, add: () => NOTHING };

/** @param round rounds done @returns the sum of all reports @throws {PeerLost}, and what `add` throws */
export async function conclude(peer: Peer, round: number, { own, add }: Reporting = SILENCE): Promise<Uint8Array> {
  const tag: Tag = { kind: "control", round };
  const [first, ...others] = peer.view.members;
  if (peer.id !== first) {
    await peer.send(first!, tag, own);
    return await peer.receive(first!, tag);
  }
  let total = own;
  for (const id of others) {
    const report = await peer.receive(id, tag);
    total = add(total, report);
    peer.recycle(report);
  }
  for (const id of others) {
    try {
      await peer.send(id, tag, total);
    } catch (error) {
      if (!(error instanceof PeerLost)) throw error; // it was done: that it is gone changes nothing
    }
  }
  return total;
}
