/**
 * Admission: who may join a swarm, and as what. A stranger is refused before it learns anything of the job: first its rate
 * of attempts, then its signature for this node, its ticket and its role, and only then what it wants to train.
 */
import { AdmissionError, ThinwireError } from "../../base/errors.ts";
import type { Seconds } from "../../base/units.ts";
import type { Admit, Remote, Role, Verdict } from "./admission-port.ts";
import { type Hello, type JobParts, readHello } from "./hello.ts";
import { placeOf, RateLimit } from "./rate-limit.ts";
import { checkTicket, parseTicket, type Ticket } from "./ticket.ts";

export interface AdmissionSettings {
  /** The swarm's public key, as its tickets write it. */
  readonly swarm: string;
  /** The peer id of this node. */
  readonly node: string;
  /** What the swarm trains. */
  readonly job: JobParts;
  /** Serials of tickets that no longer hold; asked at every attempt. While it fails nobody is let in. */
  readonly revoked: () => ReadonlySet<string> | Promise<ReadonlySet<string>>;
  /** Hears what keeps this node from judging: `revoked` failed. Joiners are not told. */
  readonly onTrouble: (error: unknown) => void;
  /** The wall clock, since 1970. */
  readonly now: () => Seconds;
  /** Refused attempts a minute from one place; default 30. */
  readonly attemptsPerMinute?: number;
}

/** What the bearer of a ticket may be. */
const MAY_BE: Readonly<Record<Role, readonly Role[]>> = {
  train: ["train", "observe"],
  observe: ["observe"],
  aggregate: ["aggregate", "observe"],
};

/** Heard hellos that are remembered. An older one is of use to nobody but the peer that signed it. */
const MAX_HEARD = 4096;

/** Differences that a refusal tells of, and characters of each. */
const MAX_TOLD = 2;
const MAX_TOLD_LENGTH = 24;

/** The judge of one node: for any bytes it resolves to a verdict. */
export function admission(settings: AdmissionSettings): Admit {
  const rate = new RateLimit(settings.attemptsPerMinute ?? 30);
  const heard = new Set<string>();
  return async (bytes: Uint8Array, remote: Remote): Promise<Verdict> => {
    const place = placeOf(remote.address);
    if (!rate.take(place, settings.now())) return refused("too many attempts from this address; wait a minute");
    const revoked = await revokedNow(settings);
    if (revoked === undefined) return refused("this member cannot check tickets at the moment; try another one");
    try {
      const hello = await readHello(bytes, remote.peerId, settings.node);
      const ticket = await parseTicket(hello.ticket);
      checkUse(ticket, hello, settings, revoked);
      checkFresh(hello, remote, heard);
      checkJob(settings.job, hello.job);
      rate.giveBack(place, settings.now());
      return { accepted: true, role: hello.role, ticket: ticket.serial };
    } catch (error) {
      if (!(error instanceof ThinwireError)) throw error;
      return refused(error.message);
    }
  };
}

const refused = (reason: string): Verdict => ({ accepted: false, reason });

async function revokedNow({ revoked, onTrouble }: AdmissionSettings): Promise<ReadonlySet<string> | undefined> {
  try {
    return await revoked();
  } catch (error) {
    onTrouble(error);
    return undefined;
  }
}

/** @throws {AdmissionError} */
function checkUse(ticket: Ticket, { role }: Hello, settings: AdmissionSettings, revoked: ReadonlySet<string>): void {
  const where = `ticket ${ticket.serial}`;
  if (ticket.swarm !== settings.swarm) {
    throw new AdmissionError(where, { expected: "a ticket of this swarm", got: "one signed by another swarm's key" });
  }
  checkTicket(ticket, settings.now(), revoked);
  if (MAY_BE[ticket.role].includes(role)) return;
  throw new AdmissionError(where, {
    expected: `a peer that wants to ${MAY_BE[ticket.role].join(" or ")}`,
    got: role,
    hint: `Ask whoever runs the swarm for a ticket to ${role}.`,
  });
}

/** @throws {AdmissionError} if this very hello was heard before */
function checkFresh({ nonce }: Hello, { peerId }: Remote, heard: Set<string>): void {
  const once = `${peerId}/${nonce}`;
  if (heard.has(once)) {
    throw new AdmissionError("hello", { expected: "one that was not heard before", hint: "Say a new one." });
  }
  heard.add(once);
  for (const oldest of heard) {
    if (heard.size <= MAX_HEARD) break;
    heard.delete(oldest);
  }
}

/** @throws {AdmissionError} naming what is different */
function checkJob(ours: JobParts, theirs: JobParts): void {
  const different = [...theirs.keys()].filter((name) => ours.get(name) !== theirs.get(name)).slice(0, MAX_TOLD);
  if (different.length === 0) return;
  const parts = (job: JobParts) => different.map((name) => `${name} ${brief(job.get(name) ?? "(none)")}`).join(", ");
  throw new AdmissionError("job", {
    expected: `${parts(ours)}, which the swarm trains`,
    got: parts(theirs),
    hint: "What a peer leaves out it takes from the swarm.",
  });
}

const brief = (text: string): string => (text.length > MAX_TOLD_LENGTH ? `${text.slice(0, MAX_TOLD_LENGTH)}...` : text);
