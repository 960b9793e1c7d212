/**
 * Conclusion: how members that come and go end together. Nobody leaves before all have done the last round, so that whoever
 * loses another in it finds one who has its result:
 *
 *     every member:  done      → rank 0
 *     rank 0:        over      → every member
 *
 * Two messages a member and run. If a member is lost before all are done, `PeerLost` is thrown, and the next view agrees
 * on where to go on.
 */
import { PeerLost } from "../base/errors.ts";
import type { Peer, Tag } from "../ports/peer.ts";

const NOTHING = new Uint8Array(0);

/** @param round rounds done @throws {PeerLost} */
export async function conclude(peer: Peer, round: number): Promise<void> {
  const tag: Tag = { kind: "control", round };
  const [first, ...others] = peer.view.members;
  if (peer.id !== first) {
    await peer.send(first!, tag, NOTHING);
    await peer.receive(first!, tag);
    return;
  }
  for (const id of others) await peer.receive(id, tag);
  for (const id of others) {
    try {
      await peer.send(id, tag, NOTHING);
    } catch (error) {
      if (!(error instanceof PeerLost)) throw error; // it was done: that it is gone changes nothing
    }
  }
}
