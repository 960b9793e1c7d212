/**
 * Peers on machines of their own, joined by libp2p: found a swarm, or join one, and run a program as its member.
 */
export type { Admit, Remote, Role, Verdict } from "./admission-port.ts";
export { livePeer } from "./live-peer.ts";
export { LiveWorker, type LiveWorkerOptions } from "./live-worker.ts";
export type { NodeOptions } from "./node.ts";
export { Revocations, signRevocations } from "./revocations.ts";
export type { Ending, Stay, SwarmEvent } from "./stay.ts";
export {
  type FoundOptions,
  foundSwarm,
  type Hello,
  type JoinOptions,
  joinSwarm,
  type Swarm,
  type SwarmOptions,
} from "./swarm.ts";
export type { PeerLimits } from "./swarm-limits.ts";
export type { SwarmMember, SwarmView } from "./swarm-view.ts";
