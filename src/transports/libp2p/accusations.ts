/**
 * Accusations: what a member says that another has done, signed, so that it holds whoever passes it on.
 *
 *     Ed25519 over: DOMAIN, swarm, accuser's id and node, accused one's id and node, reason; a line each
 *
 * Ids are given once in a swarm, so an accusation is about one stay of each.
 */
import type { PeerId } from "../../ports/view.ts";
import type { Signing } from "./signing.ts";
import { memberOf, type SwarmView } from "./swarm-view.ts";

export interface Accusation {
  readonly by: PeerId;
  readonly id: PeerId;
  readonly why: string;
  readonly signature: Uint8Array;
}

const DOMAIN = "thinwire accusation 1";

/** What one of the view's members says of another. */
export function accuse(said: Omit<Accusation, "signature">, view: SwarmView, signing: Signing): Accusation {
  return { ...said, signature: signing.sign(textOf(said, view)) };
}

/** Whether one of the view's members has said it. */
export function isSaid(accusation: Accusation, view: SwarmView, signing: Signing): boolean {
  const accuser = memberOf(view, accusation.by);
  return accuser !== undefined && signing.verifies(accuser.node, textOf(accusation, view), accusation.signature);
}

function textOf({ by, id, why }: Omit<Accusation, "signature">, view: SwarmView): Uint8Array {
  const nodes = [by, id].map((one) => `${one} ${memberOf(view, one)?.node}`);
  return new TextEncoder().encode([DOMAIN, view.swarm, ...nodes, why].join("\n"));
}
