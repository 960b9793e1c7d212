/**
 * The door of a live swarm at one node: what it says to be let in, and whom it lets in.
 */
import type { Seconds } from "../base/units.ts";
import { admission } from "../transports/libp2p/admission.ts";
import { type JobParts, writeHello } from "../transports/libp2p/hello.ts";
import type { Admit, Hello, Role } from "../transports/libp2p/index.ts";
import type { KeyPair } from "../transports/libp2p/keys.ts";

const SOFTWARE = "thinwire";

/** What two nodes must agree on before one hears of the job: which run it is. */
export const partsOf = (run: string | undefined): JobParts => new Map(run === undefined ? [] : [["run", run]]);

export interface HelloSettings {
  readonly identity: KeyPair;
  readonly role: Role;
  /** The line of a ticket that holds. */
  readonly ticket: () => string | Promise<string>;
  /** The run that this node was part of before, if any. */
  readonly run: () => string | undefined;
}

export const helloOf =
  ({ identity, role, ticket, run }: HelloSettings): Hello =>
  async ({ peerId }) =>
    writeHello({ ticket: await ticket(), role, software: SOFTWARE, job: partsOf(run()) }, identity, peerId);

export interface DoorSettings {
  /** The swarm's public key. */
  readonly swarm: string;
  /** The peer id of this node. */
  readonly node: string;
  /** Undefined as long as this node has not been told. */
  readonly run: () => string | undefined;
  readonly revoked: () => ReadonlySet<string> | Promise<ReadonlySet<string>>;
  readonly today: () => Seconds;
  readonly onTrouble: (error: unknown) => void;
}

/** Who may join is judged once this node knows what run it is in; until then nobody asks it. */
export function doorOf({ swarm, node, run, revoked, today, onTrouble }: DoorSettings): Admit {
  let judge: Admit | undefined;
  return async (hello, remote) => {
    const known = run();
    if (known === undefined) return { accepted: false, reason: "this node is in no swarm at the moment" };
    judge ??= admission({ swarm, node, job: partsOf(known), revoked, onTrouble, now: today });
    return judge(hello, remote);
  };
}
