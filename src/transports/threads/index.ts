/**
 * Peers on worker threads of one Node process: each program in a compute worker of its own, real time, real or no wires.
 */
export { type CrossedError, crossError, rebuildError } from "./crossed-error.ts";
export { type Served, servePeer } from "./serve-peer.ts";
export { type Opened, serveStays } from "./serve-stays.ts";
export { siblingEntry } from "./sibling-entry.ts";
export { type Swarm, startThreads, type ThreadsOptions } from "./swarm.ts";
export type { Control } from "./worker-line.ts";
