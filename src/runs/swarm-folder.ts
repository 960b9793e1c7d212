/**
 * The folder of whoever runs a swarm: the swarm's key, and the book of its tickets.
 */
import { join } from "node:path";
import { ConfigError } from "../base/errors.ts";
import type { Seconds } from "../base/units.ts";
import type { Role } from "../transports/libp2p/admission-port.ts";
import { checkTerms, issueTicket, parseTicket, type Ticket } from "../transports/libp2p/ticket.ts";
import { looksLikeTicket } from "../transports/libp2p/ticket-prefix.ts";
import { keyFromFile, readKeyFile } from "./key-files.ts";
import { changeBook, readBook, recordOf, type TicketBook, type TicketRecord } from "./ticket-book.ts";

export interface Wanted {
  readonly role: Role;
  /** Since 1970. */
  readonly expires: Seconds;
  /** Default: those of the newest ticket. */
  readonly addresses?: readonly string[];
}

export interface Issued {
  readonly ticket: Ticket;
  /** The folder had no key: this is the first ticket of a new swarm. */
  readonly newSwarm: boolean;
}

export const swarmKeyPath = (folder: string): string => join(folder, "swarm.key");
export const ticketBookPath = (folder: string): string => join(folder, "tickets.json");

/**
 * Signs a ticket with the folder's key, which is made if there is none, and writes it down.
 * @throws {ConfigError} if no ticket can state what is wanted; then nothing is written
 * @throws as `keyFromFile` and `changeBook` do
 */
export async function issueFrom(folder: string, { role, expires, addresses: given }: Wanted): Promise<Issued> {
  const key = swarmKeyPath(folder);
  const newSwarm = (await readKeyFile(key, "swarm")) === undefined;
  const known = given ?? (await readBook(ticketBookPath(folder))).at(-1)?.addresses;
  if (known === undefined) {
    throw new ConfigError("--address", {
      expected: "an address of a member, such as /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...",
      got: "none",
      hint: "The first ticket of a swarm needs one; later ones take those of the newest ticket.",
    });
  }
  const terms = checkTerms({ role, expires, addresses: known });
  return changeBook(ticketBookPath(folder), async (book) => {
    const ticket = await issueTicket(await keyFromFile(key, "swarm"), terms);
    return { book: [...book, recordOf(ticket, false)], result: { ticket, newSwarm } };
  });
}

/**
 * Makes a ticket void from now on, once more if it is already.
 * @param name its serial, or the ticket itself @throws {ConfigError} if the swarm has no such ticket
 * @throws as `readKeyFile` and `changeBook` do
 */
export async function revokeIn(folder: string, name: string): Promise<TicketRecord> {
  const ticket = looksLikeTicket(name) ? recordOf(await ownTicket(folder, name), true) : await written(folder, name);
  const revoked = { ...ticket, revoked: true };
  return changeBook(ticketBookPath(folder), async (book) => {
    const known = book.some(({ serial }) => serial === revoked.serial);
    const changed = book.map((record) => (record.serial === revoked.serial ? revoked : record));
    return { book: known ? changed : [...changed, revoked], result: revoked };
  });
}

export const ticketsOf = (folder: string): Promise<TicketBook> => readBook(ticketBookPath(folder));

/** Serials of the tickets that are revoked, for `admission`. @throws as `readBook` does */
export async function revokedIn(folder: string): Promise<ReadonlySet<string>> {
  const book = await ticketsOf(folder);
  return new Set(book.filter(({ revoked }) => revoked).map(({ serial }) => serial));
}

async function ownTicket(folder: string, text: string): Promise<Ticket> {
  const ticket = await parseTicket(text, "ticket");
  const key = await readKeyFile(swarmKeyPath(folder), "swarm");
  if (ticket.swarm === key?.swarmId) return ticket;
  throw new ConfigError("ticket", {
    expected: `a ticket of the swarm in ${folder}`,
    got: "one of another swarm",
    hint: "Name that swarm's folder by --swarm.",
  });
}

async function written(folder: string, name: string): Promise<TicketRecord> {
  const record = (await ticketsOf(folder)).find(({ serial }) => serial === name.trim().toLowerCase());
  if (record !== undefined) return record;
  throw new ConfigError("ticket", {
    expected: `a ticket, or the serial of one that was issued from ${folder}`,
    got: name,
    hint: "thinwire ticket list shows the serials.",
  });
}
