import assert from "node:assert/strict";
import { test } from "node:test";
import { CorruptError } from "../../base/errors.ts";
import { type Seconds, seconds } from "../../base/units.ts";
import { type AdmissionSettings, admission } from "./admission.ts";
import { type Admit, ROLES, type Role, type Verdict } from "./admission-port.ts";
import { type Claim, writeHello } from "./hello.ts";
import { KeyPair } from "./keys.ts";
import { issueTicket, parseTicket, type Ticket, type TicketTerms } from "./ticket.ts";

const key = (n: number): Promise<KeyPair> => KeyPair.fromSecret(new Uint8Array(32).fill(n));
const [swarm, node, joiner, thief] = await Promise.all([key(1), key(2), key(3), key(4)]);
const NOW = seconds(1_800_000_000);
const JOB = new Map([
  ["layout", "9f86d081"],
  ["model", "mlp:32"],
  ["recipe", "ef21"],
]);

const from = ({ peerId }: KeyPair, host = "192.0.2.9") => ({ peerId, address: `/ip4/${host}/tcp/4001` });

const judge = (settings: Partial<AdmissionSettings> = {}): Admit =>
  admission({
    swarm: swarm.swarmId,
    node: node.peerId,
    job: JOB,
    revoked: () => new Set(),
    now: () => NOW,
    onTrouble: (error) => assert.fail(String(error)),
    ...settings,
  });

const ticketTo = (role: Role, terms: Partial<TicketTerms> = {}, signer = swarm): Promise<Ticket> =>
  issueTicket(signer, {
    role,
    expires: seconds(NOW + 60),
    addresses: [`/ip4/192.0.2.7/tcp/4001/p2p/${node.peerId}`],
    ...terms,
  });

const hello = (ticket: string, claim: Partial<Claim> = {}, identity = joiner, to = node): Promise<Uint8Array> =>
  writeHello({ ticket, role: "train", software: "thinwire 0.1.0", job: JOB, ...claim }, identity, to.peerId);

const { text: good } = await ticketTo("train");

const reasonOf = (verdict: Verdict): string => {
  assert.ok(!verdict.accepted, "this peer was let in");
  return verdict.reason;
};

test("whoever has a ticket is let in, in the role that it wants", async () => {
  const { serial: ticket } = await parseTicket(good);
  for (const role of ["train", "observe"] as const) {
    assert.deepEqual(await judge()(await hello(good, { role }), from(joiner)), { accepted: true, role, ticket });
  }
});

test("a ticket lets its bearer be no more than it says", async () => {
  const let_in: string[] = [];
  for (const has of ROLES) {
    const { text } = await ticketTo(has);
    for (const role of ROLES) {
      const verdict = await judge()(await hello(text, { role }), from(joiner));
      if (verdict.accepted) let_in.push(`${has} ${verdict.role}`);
      else assert.match(verdict.reason, new RegExp(`Ask whoever runs the swarm for a ticket to ${role}`));
    }
  }
  assert.deepEqual(let_in, [
    "train train",
    "train observe",
    "observe observe",
    "aggregate observe",
    "aggregate aggregate",
  ]);
});

test("a ticket that is missing, forged, expired, revoked or another swarm's lets nobody in and tells nothing", async () => {
  const expired = await ticketTo("train", { expires: NOW });
  const revoked = await ticketTo("train");
  const foreign = await ticketTo("train", {}, thief);
  const changed = good.slice(0, -3) + (good.at(-3) === "A" ? "B" : "A") + good.slice(-2);
  const wrong: readonly [string, RegExp][] = [
    ["", /a join ticket/],
    [changed, /signature is not the swarm's/],
    [expired.text, /expired at 2027-01-15T08:00:00Z/],
    [revoked.text, /one that was revoked/],
    [foreign.text, /another swarm's key/],
  ];
  const admit = judge({ revoked: async () => new Set([revoked.serial]) });
  for (const [ticket, why] of wrong) {
    const reason = reasonOf(await admit(await hello(ticket, { job: new Map([["model", "mlp:64"]]) }), from(joiner)));
    assert.match(reason, why);
    assert.doesNotMatch(reason, /mlp|ef21|9f86/, "a stranger hears nothing of the job");
  }
});

test("a hello is worth nothing on another connection", async () => {
  const admit = judge();
  const said = await hello(good);
  assert.match(reasonOf(await admit(said, from(thief))), /cannot be passed on/);
  assert.ok((await admit(said, from(joiner))).accepted);
  assert.match(reasonOf(await admit(said, from(joiner, "192.0.2.10"))), /not heard before/);
  const other = judge({ node: thief.peerId });
  assert.match(reasonOf(await other(said, from(joiner))), /cannot be passed on/);
  assert.ok((await admit(await hello(good), from(joiner))).accepted, "the joiner itself may come again");
});

test("a peer that would train something else is told what is different", async () => {
  const job = new Map([...JOB, ["model", "mlp:64"], ["layout", "x".repeat(200)], ["recipe", "ef21"]]);
  const reason = reasonOf(await judge()(await hello(good, { job }), from(joiner)));
  assert.match(reason, /model mlp:32, which the swarm trains, got .*model mlp:64/);
  assert.doesNotMatch(reason, /recipe/);
  const many = new Map(Array.from({ length: 32 }, (_, i) => [`part-${i}`, "é".repeat(128)]));
  assert.ok(
    new TextEncoder().encode(reasonOf(await judge()(await hello(good, { job: many }), from(joiner)))).length < 1024,
  );
});

test("what a peer has not settled it takes from the swarm", async () => {
  for (const job of [new Map(), new Map([["model", "mlp:32"]])]) {
    assert.ok((await judge()(await hello(good, { job }), from(joiner))).accepted);
  }
});

test("too many refused attempts from one place are refused unheard, and only from there", async () => {
  let now = NOW;
  const admit = judge({ attemptsPerMinute: 3, now: (): Seconds => now });
  for (let i = 0; i < 10; i++)
    assert.ok((await admit(await hello(good), from(joiner))).accepted, "a welcome one is free");
  for (let i = 0; i < 3; i++) assert.match(reasonOf(await admit(new Uint8Array(9), from(thief))), /protocol/);
  assert.match(reasonOf(await admit(await hello(good), from(joiner))), /too many attempts.*wait a minute/);
  assert.ok((await admit(await hello(good), from(joiner, "198.51.100.1"))).accepted);
  now = seconds(NOW + 20);
  assert.ok((await admit(await hello(good), from(joiner))).accepted);
});

test("where nobody can tell which tickets are revoked nobody is let in, and only the node's owner hears why", async () => {
  const broken = new CorruptError("/home/me/tickets.json", { expected: "a book" });
  const troubles: unknown[] = [];
  const admit = judge({ revoked: () => Promise.reject(broken), onTrouble: (error) => troubles.push(error) });
  const reason = reasonOf(await admit(await hello(good), from(joiner)));
  assert.match(reason, /cannot check tickets/);
  assert.doesNotMatch(reason, /home/);
  assert.deepEqual(troubles, [broken]);
});
