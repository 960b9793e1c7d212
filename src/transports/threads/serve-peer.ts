/**
 * The worker's side of a run on threads: an entry module calls `servePeer` with the program of its peer.
 */
import { workerData } from "node:worker_threads";
import type { Peer } from "../../ports/peer.ts";
import { compact } from "./compact.ts";
import { crossError } from "./crossed-error.ts";
import type { Start } from "./protocol.ts";
import { type Control, WorkerLine } from "./worker-line.ts";
import { WorkerPeer } from "./worker-peer.ts";

export interface Served {
  readonly peer: Peer;
  /** What the run was started with. */
  readonly data: unknown;
  readonly control: Control;
  /**
   * Resolves once every peer of the run has called this, or has ended: what each sets up takes its own time, which is no
   * time of what they then do together. In runs that `startThreads` started. @throws {Aborted}
   */
  together(): Promise<void>;
}

/**
 * Runs the program of this thread's peer and hands its result, or its error, to the run. The thread then ends by itself
 * once nothing holds it: the program releases native sessions in a `finally`.
 */
export function servePeer<T>(program: (served: Served) => Promise<T>): void {
  const start = workerData as Start; // what `startThreads` passed
  const line = new WorkerLine((message) => {
    if (message.type !== "begin" && message.type !== "close") peer.hear(message);
  });
  const peer = new WorkerPeer(start, (message, transfer) => line.tell(message, transfer));
  void run();

  async function run(): Promise<void> {
    const { control } = line;
    try {
      const result = await program({ peer, data: start.data, control, together: () => peer.together() });
      line.tell({ type: "done", result: compact(result) });
    } catch (error) {
      line.tell({ type: "failed", error: crossError(error) });
    } finally {
      peer.close();
      line.close();
    }
  }
}
