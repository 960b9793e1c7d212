/**
 * What a node of a live swarm is told when it starts, and what it offers then.
 */
import type { Seconds } from "../../base/units.ts";
import type { Admit, Role } from "./admission-port.ts";
import type { CountedBytes } from "./counted-bytes.ts";
import type { Hello } from "./joining.ts";
import type { MembershipOptions } from "./membership.ts";
import type { NodeOptions } from "./node.ts";
import type { Revocations } from "./revocations.ts";
import type { Stay } from "./stay.ts";
import type { SwarmEvent } from "./swarm-event.ts";
import type { PeerLimits } from "./swarm-limits.ts";

export type { Hello };

export interface SwarmOptions {
  readonly node?: NodeOptions;
  /** Who may join; any member may be asked. */
  readonly admit: Admit;
  /** Who may ask who is in the swarm and what it is about; default: whoever may join. */
  readonly answer?: Admit;
  /** A member that is silent for so long is lost; default 10 s. */
  readonly detection?: Seconds;
  /** A member that cannot be reached for so long is lost; default 20 s. */
  readonly patience?: Seconds;
  /** What a minority does when it is cut off from the others; default: it waits. */
  readonly minority?: MembershipOptions["minority"];
  readonly limits?: Partial<PeerLimits>;
  /** What this node knows of revoked tickets; it learns more from other members, and tells them. */
  readonly revocations?: Revocations;
  readonly onEvent?: (event: SwarmEvent) => void;
  /** Stops the node. */
  readonly signal?: AbortSignal;
}

export interface FoundOptions extends SwarmOptions {
  /** What the founder does; default "train". */
  readonly role?: Role;
  /** Members of the first view: the swarm begins when so many are here; default 1. */
  readonly members?: number;
  /** What joiners are told about the job. */
  readonly about?: Uint8Array;
  /** For coming back, should the others go on without the founder. */
  readonly hello?: Hello;
}

export interface JoinOptions extends SwarmOptions {
  /** Of members, each a multiaddr with its peer id; any one that answers will do. */
  readonly addresses: readonly string[];
  readonly hello: Hello;
  /** How long to try when nobody answers; default 60 s. Coming back is tried for ever. */
  readonly within?: Seconds;
}

export interface Swarm {
  /** This node, as libp2p names it. */
  readonly node: string;
  /** Where others can reach this node; a ticket names some of them. */
  readonly addresses: readonly string[];
  /** What crossed the sockets of this node. */
  readonly wireBytes: Readonly<CountedBytes>;
  /** What the founder says about the job; empty before the first stay. */
  readonly about: Uint8Array;
  /**
   * Becomes a member: at the first call as founder or joiner, later to come back after a stay is over.
   * @throws {ConfigError} if the swarm refuses, or nobody answers in time; {Aborted}
   */
  enter(): Promise<Stay>;
  /** Stops the node: without a word to the others if it is still a member. */
  stop(): Promise<void>;
}
