/**
 * What strangers say to a swarm, join tickets and hellos, and what its members say of views and of each other. Nothing gets
 * in, and nothing is believed, but what was signed.
 */
import { ConfigError, CorruptError } from "../../src/base/errors.ts";
import { seconds } from "../../src/base/units.ts";
import { peerId } from "../../src/ports/view.ts";
import { accuse, isSaid } from "../../src/transports/libp2p/accusations.ts";
import { admission } from "../../src/transports/libp2p/admission.ts";
import { ROLES } from "../../src/transports/libp2p/admission-port.ts";
import { digestOf, voteFor } from "../../src/transports/libp2p/certificate.ts";
import { readControl, writeControl } from "../../src/transports/libp2p/control-messages.ts";
import { writeHello } from "../../src/transports/libp2p/hello.ts";
import { History } from "../../src/transports/libp2p/history.ts";
import { KeyPair, parseKey, writeKey } from "../../src/transports/libp2p/keys.ts";
import { nextView } from "../../src/transports/libp2p/next-view.ts";
import { signingWith } from "../../src/transports/libp2p/signing.ts";
import type { SwarmView } from "../../src/transports/libp2p/swarm-view.ts";
import { issueTicket, parseTicket } from "../../src/transports/libp2p/ticket.ts";
import { expect, type FuzzTarget } from "./target.ts";

const MEMORY = 2 ** 24;
const NOW = seconds(1_800_000_000);

const key = (n: number): Promise<KeyPair> => KeyPair.fromSecret(new Uint8Array(32).fill(n));
const [swarm, node, joiner] = await Promise.all([key(1), key(2), key(3)]);
const address = (port: number): string => `/ip4/192.0.2.7/tcp/${port}/p2p/${node.peerId}`;

const tickets = await Promise.all(
  ROLES.map((role, i) =>
    issueTicket(
      swarm,
      { role, expires: seconds(NOW + 9), addresses: Array.from({ length: 1 + 3 * i }, (_, j) => address(4001 + j)) },
      new Uint8Array(8).fill(i),
    ),
  ),
);
const ticketTexts = tickets.map(({ text }) => text);
const hellos = await Promise.all(
  tickets.map(({ text: ticket, role }, i) => {
    const job = new Map(Array.from({ length: 9 * i }, (_, j) => [`part-${j}`, "mlp:32".repeat(j)]));
    return writeHello({ ticket, role, software: "thinwire", job }, joiner, node.peerId, new Uint8Array(16).fill(i));
  }),
);
const job = new Map(Array.from({ length: 18 }, (_, j) => [`part-${j}`, "mlp:32".repeat(j)]));

const ticket: FuzzTarget = {
  name: "ticket",
  memoryLimit: MEMORY,
  lengths: [0],
  valid: (_, dice) => Buffer.from(dice.pick(ticketTexts)),
  async check(bytes) {
    const text = Buffer.from(bytes).toString("utf8");
    const read = await parseTicket(text).catch(onlyIf(ConfigError));
    if (read === undefined) return false;
    expect(
      ticketTexts.includes(text.trim()) && ticketTexts.includes(read.text),
      "a ticket was read that nobody signed",
    );
    return true;
  },
};

const hello: FuzzTarget = {
  name: "hello",
  memoryLimit: MEMORY,
  lengths: [0],
  valid: (_, dice) => dice.pick(hellos),
  async check(bytes) {
    const admit = admission({
      swarm: swarm.swarmId,
      node: node.peerId,
      job,
      revoked: () => new Set(),
      onTrouble: () => {},
      now: () => NOW,
    });
    const verdict = await admit(bytes, { peerId: joiner.peerId, address: address(4001) });
    const said = hellos.some((valid) => Buffer.compare(valid, bytes) === 0);
    expect(verdict.accepted === said, said ? "a joiner was turned away" : "a peer was let in by what nobody signed");
    expect(verdict.accepted || verdict.reason.length <= 1024, "a refusal is too long");
    return verdict.accepted;
  },
};

const keyFile: FuzzTarget = {
  name: "key file",
  memoryLimit: MEMORY,
  lengths: [0],
  valid: (_, dice) => Buffer.from(writeKey(dice.pick([swarm, node]), dice.pick(["swarm", "peer"]))),
  async check(bytes) {
    const text = Buffer.from(bytes).toString("utf8");
    const read = await parseKey(text, "swarm", "fuzz").catch(onlyIf(CorruptError));
    if (read === undefined) return false;
    expect(writeKey(read, "swarm").trim() === text.trim(), "a key was read that would be written otherwise");
    return true;
  },
};

const trio = [swarm, node, joiner];
const signings = trio.map((pair) => signingWith(pair.reveal()));
const first: SwarmView = {
  swarm: "fuzz",
  epoch: 4,
  nextId: 3,
  members: trio.map(({ peerId: name }, id) => ({
    id: peerId(id),
    node: name,
    role: "train",
    addresses: [],
    ticket: "",
  })),
  barred: [],
};
const decisions = [2, 1].map((gone) => {
  const view = nextView(first, { stays: ({ id }) => id !== gone, barred: [], joiners: [] });
  const follows = digestOf(first);
  const vote = voteFor(view, follows, 0);
  const votes = new Map([0, 3 - gone].map((id) => [peerId(id), signings[id]!.sign(vote)]));
  return { view, certificate: { follows, ballot: 0, votes } };
});

const decided: FuzzTarget = {
  name: "decided view",
  memoryLimit: MEMORY,
  lengths: [0],
  valid: (_, dice) => writeControl({ type: "commit", ...dice.pick(decisions) }).slice(4),
  async check(bytes) {
    const history = new History(first, signings[0]!, () => false);
    try {
      const message = readControl(bytes);
      if (message.type !== "commit" || history.weigh(message) !== "next") return false;
      const known = decisions.map(({ view }) => digestOf(view).join());
      expect(known.includes(digestOf(message.view).join()), "a view was believed that nobody voted for");
      return true;
    } catch (error) {
      return onlyIf(CorruptError)(error) ?? false;
    }
  },
};

const whys = ["", "noise", "mail: expected a note, got 0 bytes."];
const accusations = whys.map((why, i) => accuse({ by: peerId(i), id: peerId((i + 1) % 3), why }, first, signings[i]!));

const accusation: FuzzTarget = {
  name: "accusation",
  memoryLimit: MEMORY,
  lengths: [0],
  valid: (_, dice) => writeControl({ type: "accusation", ...dice.pick(accusations) }).slice(4),
  async check(bytes) {
    try {
      const message = readControl(bytes);
      if (message.type !== "accusation" || !isSaid(message, first, signings[0]!)) return false;
      const said = accusations.some(({ by, id, why }) => by === message.by && id === message.id && why === message.why);
      expect(said, "an accusation was believed that nobody made");
      return true;
    } catch (error) {
      return onlyIf(CorruptError)(error) ?? false;
    }
  },
};

/** Undefined in place of the one error that is allowed. */
const onlyIf =
  (allowed: abstract new (...args: never) => Error) =>
  (error: unknown): undefined => {
    if (!(error instanceof allowed)) throw error;
  };

export const admissionTargets: readonly FuzzTarget[] = [ticket, hello, keyFile, decided, accusation];
