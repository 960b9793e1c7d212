/**
 * Coming back to a swarm that may have gone on without this peer, before it is founded anew.
 */
import { ConfigError } from "../base/errors.ts";
import type { Answered } from "../transports/libp2p/ask.ts";
import type { Stay, Swarm } from "../transports/libp2p/index.ts";

export interface Return {
  /** What a member says that answers; undefined if none does. */
  readonly ask: () => Promise<Answered | undefined>;
  /** Whether it is the run that this peer was part of. */
  readonly isOurs: (about: Uint8Array) => boolean;
  /** Starts a node that joins those members. */
  readonly join: () => Promise<Swarm>;
  /** Ends the search. */
  readonly stop?: AbortSignal | undefined;
}

/** `"nobody"` is there, or there are `"too few"` of them to let anybody in. */
export type Returned = { readonly swarm: Swarm; readonly stay: Stay } | "nobody" | "too few";

/** Where a search for the leader of a swarm ends without one; a refusal names the member that refused. */
const NOBODY_LEADS = "joining";

/** @throws {ConfigError} if the swarm refuses this peer {Aborted} */
export async function comeBack({ ask, isOurs, join, stop }: Return): Promise<Returned> {
  const answer = await ask();
  if (answer === undefined || !isOurs(answer.about)) return "nobody";
  const swarm = await join();
  const end = () => void swarm.stop();
  stop?.addEventListener("abort", end);
  if (stop?.aborted) end();
  try {
    return { swarm, stay: await swarm.enter() };
  } catch (error) {
    await swarm.stop();
    if (error instanceof ConfigError && error.where === NOBODY_LEADS) return "too few";
    throw error;
  } finally {
    stop?.removeEventListener("abort", end);
  }
}
