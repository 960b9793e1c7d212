/**
 * Peers on worker threads of one Node process: each program in a compute worker of its own, real time, real or no wires.
 */
export { type CrossedError, crossError, rebuildError } from "./crossed-error.ts";
export { type Control, type Served, servePeer } from "./serve-peer.ts";
export { siblingEntry } from "./sibling-entry.ts";
export { type Swarm, startThreads, type ThreadsOptions } from "./swarm.ts";
