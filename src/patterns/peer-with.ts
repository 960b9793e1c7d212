/**
 * A peer of which some things are different, for a pattern within another one.
 */
import type { Peer } from "../ports/peer.ts";

export const peerWith = (peer: Peer, different: Partial<Pick<Peer, "view" | "work">>): Peer => ({
  id: peer.id,
  outdated: false, // for whoever asks the peer itself
  view: peer.view,
  clock: peer.clock,
  rng: peer.rng,
  meter: peer.meter,
  signal: peer.signal,
  send: (...message) => peer.send(...message),
  receive: (...wait) => peer.receive(...wait),
  receiveAny: (...wait) => peer.receiveAny(...wait),
  gather: (...wait) => peer.gather(...wait),
  recycle: (body) => peer.recycle(body),
  nextView: () => peer.nextView(),
  work: (label, cost, body) => peer.work(label, cost, body),
  ...different,
});
