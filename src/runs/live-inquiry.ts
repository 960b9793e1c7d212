/**
 * Asks a swarm what it is about before joining it: data and model are opened first, so that nobody waits for a member that
 * is not ready.
 */
import { ConfigError } from "../base/errors.ts";
import { type Seconds, seconds } from "../base/units.ts";
import { multiaddrOf } from "../transports/libp2p/addresses.ts";
import { type Answered, ask } from "../transports/libp2p/ask.ts";
import type { Hello } from "../transports/libp2p/index.ts";
import { MEMBERS_PROTOCOL } from "../transports/libp2p/join-messages.ts";
import type { KeyPair } from "../transports/libp2p/keys.ts";
import { startNode } from "../transports/libp2p/node.ts";

export interface Inquiry {
  readonly identity: KeyPair;
  readonly hello: Hello;
  /** Of each address. */
  readonly patience: Seconds;
  readonly signal: AbortSignal;
}

/** What the first member says that answers at one of the addresses; undefined if none does, or none may tell yet. */
export async function inquire(addresses: readonly string[], inquiry: Inquiry): Promise<Answered | undefined> {
  const { identity, hello, patience, signal } = inquiry;
  const nobody = { isKnown: () => true };
  const node = { listen: [], announce: [], relays: [], privateKey: identity.reveal() };
  const { libp2p } = await startNode(node, nobody);
  try {
    for (const address of addresses) {
      const timed = AbortSignal.any([signal, AbortSignal.timeout(patience * 1000)]);
      try {
        const connection = await libp2p.dial(multiaddrOf(address), { signal: timed });
        const request = { hello: await hello({ peerId: connection.remotePeer.toString() }), addresses: [] };
        return await ask(connection, MEMBERS_PROTOCOL, request, seconds(patience), timed);
      } catch (error) {
        if (signal.aborted) return undefined;
        if (error instanceof ConfigError) return undefined; // whoever asks to be let in is told why not
      }
    }
    return undefined;
  } finally {
    await libp2p.stop();
  }
}
