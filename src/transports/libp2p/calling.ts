/**
 * Calling a node at one of its addresses: those of its own first, since it may be in the same house, then through a relay.
 */
import type { Connection, Libp2p } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";

/**
 * How long each address of a node has that can be reached through a relay as well. Where its house is another, nobody answers
 * there, nor says so.
 */
const AT_HOME_MS = 2000;

/** @throws if no address leads to it */
export async function call(libp2p: Libp2p, addresses: readonly Multiaddr[], signal: AbortSignal): Promise<Connection> {
  const relayed = addresses.filter(leadsThroughRelay);
  if (relayed.length === 0) return await libp2p.dial([...addresses], { signal });
  for (const address of addresses) {
    if (leadsThroughRelay(address)) continue;
    try {
      return await libp2p.dial(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(AT_HOME_MS)]) });
    } catch {
      signal.throwIfAborted();
    }
  }
  return await libp2p.dial(relayed, { signal });
}

const leadsThroughRelay = (address: Multiaddr): boolean =>
  address.getComponents().some(({ name }) => name === "p2p-circuit");
