/**
 * The options of a node in the network, and what the user said of them.
 */
import { seconds } from "../base/units.ts";
import type { NodeOptions, Revocations, SwarmOptions } from "../transports/libp2p/index.ts";
import type { KeyPair } from "../transports/libp2p/keys.ts";
import type { LiveNews } from "./live-news.ts";

export interface NetworkChoice {
  /** Multiaddrs. */
  readonly listen: readonly string[];
  readonly announce: readonly string[];
  /** Relays through which this node is reached, each a multiaddr with its peer id. */
  readonly through: readonly string[];
  /** Whether members that cannot be reached may be reached through this node. */
  readonly relay: boolean;
  /** A member that is silent for so long is lost. */
  readonly detection: number;
  /** What a minority does when it is cut off from the others. */
  readonly minority: "wait" | "continue";
}

export const nodeOptions = (choice: NetworkChoice, identity: KeyPair): NodeOptions => ({
  listen: choice.listen,
  announce: choice.announce,
  relays: choice.through,
  relay: choice.relay,
  privateKey: identity.reveal(),
});

export const swarmOptions = (
  choice: NetworkChoice,
  identity: KeyPair,
  news: LiveNews,
  revocations?: Revocations,
): Pick<SwarmOptions, "node" | "detection" | "patience" | "minority" | "onEvent" | "revocations"> => ({
  node: nodeOptions(choice, identity),
  detection: seconds(choice.detection),
  patience: seconds(2 * choice.detection),
  minority: choice.minority,
  onEvent: news.hear,
  ...(revocations && { revocations }),
});
