/**
 * The book of a swarm's tickets, `tickets.json`: which were issued and which are revoked. It holds no ticket itself, so it
 * lets nobody in.
 */
import { open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { CheckpointError, CorruptError } from "../base/errors.ts";
import { type Seconds, seconds } from "../base/units.ts";
import { ROLES, type Role } from "../transports/libp2p/admission-port.ts";
import type { Ticket } from "../transports/libp2p/ticket.ts";
import { codeOf, fileError, makeFolder, writeAtomically } from "./files.ts";

/** What is kept of a ticket. */
export interface TicketRecord {
  readonly serial: string;
  readonly role: Role;
  /** Since 1970. */
  readonly expires: Seconds;
  readonly addresses: readonly string[];
  readonly revoked: boolean;
}

/** In the order in which they were written down. */
export type TicketBook = readonly TicketRecord[];

export const recordOf = ({ serial, role, expires, addresses }: Ticket, revoked: boolean): TicketRecord => ({
  serial,
  role,
  expires,
  addresses,
  revoked,
});

/**
 * An empty book if there is no file.
 * @throws {CorruptError} if the file is no book: then nobody can tell which tickets are revoked
 * @throws {CheckpointError} if it cannot be read
 */
export async function readBook(path: string): Promise<TicketBook> {
  const text = await readFile(path, "utf8").catch((cause) => {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw fileError(path, "a file that can be read", cause);
  });
  return text === undefined ? [] : parseBook(text, path);
}

/** Reads the book, changes it and writes it whole; nobody else changes it meanwhile. @throws {CheckpointError} */
export async function changeBook<T>(
  path: string,
  change: (book: TicketBook) => Promise<{ readonly book: TicketBook; readonly result: T }>,
): Promise<T> {
  const unlock = await lock(path);
  try {
    const { book, result } = await change(await readBook(path));
    await writeAtomically(path, `${JSON.stringify({ tickets: book }, undefined, 2)}\n`);
    return result;
  } finally {
    await unlock();
  }
}

async function lock(path: string): Promise<() => Promise<void>> {
  const held = `${path}.lock`;
  try {
    await makeFolder(dirname(path));
    await (await open(held, "wx")).close();
  } catch (cause) {
    if (codeOf(cause) !== "EEXIST") throw fileError(path, "a folder that can be written", cause);
    throw new CheckpointError(path, {
      expected: "no other command that changes it",
      got: "one at work",
      hint: `Try again; if none is at work, delete ${held}.`,
      cause,
    });
  }
  return () => rm(held, { force: true });
}

function parseBook(text: string, path: string): TicketBook {
  const book = jsonOf(text);
  const tickets = isObject(book) ? book.tickets : undefined;
  if (!Array.isArray(tickets)) throw notABook(path, "something else");
  return tickets.map((record: unknown, i) => {
    if (!isRecord(record)) throw notABook(path, `ticket ${i + 1} of ${tickets.length} malformed`);
    return { ...record, expires: seconds(record.expires) };
  });
}

const notABook = (path: string, got: string): CorruptError =>
  new CorruptError(path, {
    expected: "a book of tickets, as Thinwire wrote it",
    got,
    hint: "Bring back a copy: without it nobody can tell which tickets are revoked.",
  });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isRecord = (value: unknown): value is TicketRecord =>
  isObject(value) &&
  typeof value.serial === "string" &&
  /^[0-9a-f]{16}$/.test(value.serial) &&
  ROLES.some((role) => role === value.role) &&
  Number.isInteger(value.expires) &&
  Array.isArray(value.addresses) &&
  value.addresses.every((address) => typeof address === "string") &&
  typeof value.revoked === "boolean";
