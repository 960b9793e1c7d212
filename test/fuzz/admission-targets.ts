/**
 * What strangers say to a swarm: join tickets and hellos. Nothing gets in but what was signed.
 */
import { ConfigError, CorruptError } from "../../src/base/errors.ts";
import { seconds } from "../../src/base/units.ts";
import { admission } from "../../src/transports/libp2p/admission.ts";
import { ROLES } from "../../src/transports/libp2p/admission-port.ts";
import { writeHello } from "../../src/transports/libp2p/hello.ts";
import { KeyPair, parseKey, writeKey } from "../../src/transports/libp2p/keys.ts";
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

/** Undefined in place of the one error that is allowed. */
const onlyIf =
  (allowed: abstract new (...args: never) => Error) =>
  (error: unknown): undefined => {
    if (!(error instanceof allowed)) throw error;
  };

export const admissionTargets: readonly FuzzTarget[] = [ticket, hello, keyFile];
