/**
 * How a node finds its way into a swarm: it asks one member after the other, and whom they name, until one that leads
 * lets it in.
 */
import type { Libp2p } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import { Aborted, ConfigError } from "../../base/errors.ts";
import type { Seconds } from "../../base/units.ts";
import { dialable, multiaddrOf, nodeAt } from "./addresses.ts";
import { type Answered, ask } from "./ask.ts";
import { call } from "./calling.ts";
import { JOIN_PROTOCOL, MEMBERS_PROTOCOL } from "./join-messages.ts";
import type { SwarmView } from "./swarm-view.ts";

/** The first words to a member, made for it: whoever else hears them can do nothing with them. */
export type Hello = (responder: { readonly peerId: string }) => Uint8Array | Promise<Uint8Array>;

/** Who asks. */
export interface Asking {
  readonly libp2p: Libp2p;
  readonly hello: Hello | undefined;
  /** Where others can reach this node. */
  readonly addresses: readonly string[];
  /** A member that is silent for so long does not answer. */
  readonly silence: Seconds;
  readonly signal: AbortSignal;
}

/** Who is asked. */
export interface Target {
  readonly node: string;
  readonly addresses: readonly Multiaddr[];
}

type Welcome = Extract<Answered, { readonly type: "welcome" }>;

/** @param addresses each with a peer id at its end */
export function targetsAt(addresses: readonly string[]): Target[] {
  const given = addresses.map(multiaddrOf);
  const nodes = new Set(given.map((address) => nodeAt(address) ?? ""));
  return [...nodes].map((node) => ({ node, addresses: given.filter((address) => nodeAt(address) === node) }));
}

/** In rank order: the first is likely to lead. */
export const targetsIn = ({ members }: SwarmView): Target[] =>
  members.map(({ node, addresses }) => ({ node, addresses: dialable(addresses, node) }));

/**
 * Asks each once. @returns the welcome, or why there is none
 * @throws {ConfigError} if a member refuses; {Aborted}
 */
export async function askAround(asking: Asking, targets: readonly Target[]): Promise<Welcome | Error> {
  const tried = new Set([asking.libp2p.peerId.toString()]);
  let rest = [...targets];
  let failure = new Error("there is nobody to ask");
  for (let target = rest.shift(); target !== undefined; target = rest.shift()) {
    if (tried.has(target.node)) continue;
    tried.add(target.node);
    try {
      const answer = await askOne(asking, target.addresses, JOIN_PROTOCOL);
      if (answer.type === "welcome") return answer;
      rest = [...targetsIn(answer.view), ...rest];
      failure = new Error("those who answered do not lead the swarm, or wait for the others themselves");
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      if (asking.signal.aborted) {
        throw new Aborted("joining", { expected: "to go on", got: "an abort", cause: asking.signal.reason });
      }
      failure = error instanceof Error ? error : new Error(String(error));
    }
  }
  return failure;
}

/**
 * Shows itself to relays: one that is a member lets only those be reached through it who were admitted. One that is no
 * member needs no asking.
 * @throws {ConfigError} if one refuses
 */
export async function knock(asking: Asking, relays: readonly string[]): Promise<void> {
  for (const relay of relays) {
    try {
      await askOne(asking, [multiaddrOf(relay)], MEMBERS_PROTOCOL);
    } catch (error) {
      if (error instanceof ConfigError) throw error;
    }
  }
}

async function askOne(asking: Asking, addresses: readonly Multiaddr[], protocol: string): Promise<Answered> {
  const { libp2p, hello, silence, signal } = asking;
  if (hello === undefined) throw new ConfigError("joining", { expected: "a hello to show the others", got: "none" });
  const connection = await call(libp2p, addresses, AbortSignal.any([signal, AbortSignal.timeout(silence * 1000)]));
  const request = { hello: await hello({ peerId: connection.remotePeer.toString() }), addresses: asking.addresses };
  return await ask(connection, protocol, request, silence, signal);
}
