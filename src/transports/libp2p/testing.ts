/**
 * Swarms of several nodes in one process, for tests: over loopback, with everybody let in.
 */

import { seconds } from "../../base/units.ts";
import type { Peer } from "../../ports/peer.ts";
import { livePeer } from "./live-peer.ts";
import type { Stay } from "./stay.ts";
import { foundSwarm, joinSwarm } from "./swarm.ts";
import type { FoundOptions, JoinOptions, Swarm } from "./swarm-options.ts";

export const SEED = 42;

const LOOPBACK = { listen: ["/ip4/127.0.0.1/tcp/0"], relayed: false, newConnections: 1000 };

export const admitAll: JoinOptions["admit"] = async () => ({ accepted: true, role: "train" });

/** Quick enough for tests, slow enough for a busy machine. */
const TIMES = { detection: seconds(10), patience: seconds(20) };

/** A node of a swarm, and what it is doing there. */
export interface Player {
  readonly swarm: Swarm;
  readonly stay: Stay;
  readonly peer: Peer;
}

export const found = (options: Partial<FoundOptions> = {}): Promise<Swarm> =>
  foundSwarm({ node: LOOPBACK, admit: admitAll, hello: () => new Uint8Array(1), ...TIMES, ...options });

export const join = (addresses: readonly string[], options: Partial<JoinOptions> = {}): Promise<Swarm> =>
  joinSwarm({ node: LOOPBACK, admit: admitAll, hello: () => new Uint8Array(1), addresses, ...TIMES, ...options });

export async function play(swarm: Swarm): Promise<Player> {
  const stay = await swarm.enter();
  return { swarm, stay, peer: livePeer(stay, SEED) };
}

/** A swarm whose first view has all its members; in rank order. */
export async function gather(count: number, options: Partial<FoundOptions & JoinOptions> = {}): Promise<Player[]> {
  const founder = await found({ members: count, ...options });
  const founding = play(founder);
  const joining = Array.from({ length: count - 1 }, async () => await play(await join(founder.addresses, options)));
  const players = await Promise.all([founding, ...joining]);
  return players.sort((a, b) => a.stay.id - b.stay.id);
}

export async function stopAll(players: readonly Player[]): Promise<void> {
  await Promise.all(players.map(({ swarm }) => swarm.stop()));
}
