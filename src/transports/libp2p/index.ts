/**
 * Peers on machines of their own, joined by libp2p: found a swarm, or join one, and run a program as its member.
 */
export type { Admit, Remote, Role, Verdict } from "./admission-port.ts";
export { livePeer } from "./live-peer.ts";
export { LiveWorker, type LiveWorkerOptions } from "./live-worker.ts";
export type { NodeOptions } from "./node.ts";
export { Revocations, signRevocations } from "./revocations.ts";
export type { Stay } from "./stay.ts";
export { foundSwarm, joinSwarm } from "./swarm.ts";
export type { Ending, SwarmEvent } from "./swarm-event.ts";
export type { PeerLimits } from "./swarm-limits.ts";
export type { FoundOptions, Hello, JoinOptions, Swarm, SwarmOptions } from "./swarm-options.ts";
export type { SwarmMember, SwarmView } from "./swarm-view.ts";
