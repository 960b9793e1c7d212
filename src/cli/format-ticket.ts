/**
 * Join tickets as they are shown: never the line that lets somebody in.
 */
import type { Seconds } from "../base/units.ts";
import type { Ticket, TicketTerms } from "../transports/libp2p/ticket.ts";

/** For JSON: dates as text. */
export function ticketFacts(ticket: TicketTerms & { readonly serial: string; readonly swarm?: string }): TicketFacts {
  const { swarm, serial, role, expires, addresses } = ticket;
  return { ...(swarm !== undefined && { swarm }), serial, role, expires: dateOf(expires).toISOString(), addresses };
}

export interface TicketFacts {
  readonly swarm?: string;
  readonly serial: string;
  readonly role: string;
  readonly expires: string;
  readonly addresses: readonly string[];
}

/** @param now since 1970 */
export function ticketLines(ticket: Ticket, now: Seconds): string[] {
  const { swarm, serial, role, expires, addresses } = ticket;
  return [
    `ticket ${serial}, signed by the swarm's key`,
    `swarm ${swarm}`,
    `role ${role}`,
    `${now >= expires ? "expired" : "holds until"} ${formatDay(expires)}`,
    ...addresses.map((address) => `at ${address}`),
  ];
}

/** `2026-03-09 14:05 UTC` */
export const formatDay = (since1970: Seconds): string =>
  `${dateOf(since1970).toISOString().slice(0, 16).replace("T", " ")} UTC`;

const dateOf = (since1970: Seconds): Date => new Date(since1970 * 1000);
