/**
 * Tickets at the door of a swarm over sockets.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ConfigError } from "../../base/errors.ts";
import { seconds } from "../../base/units.ts";
import { admission } from "./admission.ts";
import type { Role } from "./admission-port.ts";
import { type Claim, writeHello } from "./hello.ts";
import { KeyPair } from "./keys.ts";
import type { NodeOptions } from "./node.ts";
import { Revocations, signRevocations } from "./revocations.ts";
import type { Hello, Swarm } from "./swarm-options.ts";
import { found, join } from "./testing.ts";
import { issueTicket, type Ticket } from "./ticket.ts";

const NOW = seconds(1_800_000_000);
const JOB = new Map([["model", "mlp:32"]]);
const LISTEN = { listen: ["/ip4/127.0.0.1/tcp/0"], holePunching: false };

interface Door {
  readonly founder: Swarm;
  readonly revoked: Set<string>;
  readonly revocations: Revocations;
  readonly key: KeyPair;
  ticket(role?: Role, expires?: number): Promise<Ticket>;
  /** Comes to the door with a key of its own; the node is gone after the test. */
  come(
    claim: Partial<Claim> & { readonly ticket: string },
    hello?: Hello,
    at?: readonly string[],
    node?: NodeOptions,
  ): Promise<Swarm>;
}

async function open(t: TestContext, members = 1): Promise<Door> {
  const [swarm, self] = [await KeyPair.generate(), await KeyPair.generate()];
  const revoked = new Set<string>();
  const revocations = new Revocations(swarm.swarmId);
  const doorOf = (node: string, known: Revocations) => ({
    revocations: known,
    admit: admission({
      swarm: swarm.swarmId,
      node,
      job: JOB,
      revoked: () => new Set([...revoked, ...known.serials]),
      onTrouble: (error) => assert.fail(String(error)),
      now: () => NOW,
    }),
  });
  const founder = await found({
    node: { ...LISTEN, privateKey: self.reveal(), relay: true },
    members,
    ...doorOf(self.peerId, revocations),
  });
  t.after(() => founder.stop());
  const begun = founder.enter();
  if (members === 1) await begun;
  const { addresses } = founder;
  return {
    founder,
    revoked,
    revocations,
    key: swarm,
    ticket: (role = "train", expires = NOW + 60) => issueTicket(swarm, { role, expires: seconds(expires), addresses }),
    async come(claim, hello, at = addresses, node = LISTEN) {
      const key = await KeyPair.generate();
      const whole = { role: "train", software: "thinwire", job: JOB, ...claim } as const;
      const joiner = await join(at, {
        ...doorOf(key.peerId, new Revocations(swarm.swarmId)),
        node: { ...node, privateKey: key.reveal() },
        hello: hello ?? (({ peerId }) => writeHello(whole, key, peerId)),
      });
      t.after(() => joiner.stop());
      return joiner;
    },
  };
}

test("a peer with a ticket becomes a member in its role", async (t) => {
  const door = await open(t);
  const { text } = await door.ticket("observe");
  const stay = await (await door.come({ ticket: text, role: "observe" })).enter();
  assert.deepEqual(
    stay.view.members.map(({ role }) => role),
    ["train", "observe"],
  );
});

test("a peer without a ticket that holds is refused, and told why", async (t) => {
  const door = await open(t);
  const [good, expired, revoked] = [await door.ticket(), await door.ticket("train", NOW), await door.ticket()];
  door.revoked.add(revoked.serial);
  const refusals: readonly [Partial<Claim> & { readonly ticket: string }, RegExp][] = [
    [{ ticket: "" }, /a join ticket/],
    [{ ticket: expired.text }, /expired/],
    [{ ticket: revoked.text }, /revoked/],
    [{ ticket: good.text, role: "aggregate" }, /wants to train or observe.*aggregate/],
    [{ ticket: good.text, job: new Map([["model", "mlp:64"]]) }, /model mlp:32, which the swarm trains.*model mlp:64/],
  ];
  for (const [claim, why] of refusals) {
    const joiner = await door.come(claim);
    await assert.rejects(joiner.enter(), (error: Error) => error instanceof ConfigError && why.test(error.message));
    assert.equal(joiner.about.length, 0);
  }
});

test("a hello that was heard is of no use to another peer", async (t) => {
  const door = await open(t);
  const { text: ticket } = await door.ticket();
  const honest = await KeyPair.generate();
  const claim = { ticket, role: "train", software: "thinwire", job: JOB } as const;
  const heard = await writeHello(claim, honest, door.founder.node);
  const thief = await door.come(claim, () => heard);
  await assert.rejects(thief.enter(), /cannot be passed on/);
});

test("who came with a ticket that is revoked goes, and no member lets it in again, whether the signer is there or not", async (t) => {
  const door = await open(t);
  const [good, bad] = [await door.ticket(), await door.ticket()];
  const friend = await door.come({ ticket: good.text });
  const friends = await friend.enter();
  const other = await door.come({ ticket: bad.text });
  const stay = await other.enter();
  await door.revocations.take(await signRevocations(door.key, [bad.serial], NOW));
  assert.equal(await stay.over, "expelled");
  await assert.rejects(other.enter(), /revoked/);
  assert.deepEqual(
    friends.view.members.map(({ ticket }) => ticket),
    ["", good.serial],
  );
  await door.founder.stop();
  const late = await door.come({ ticket: bad.text }, undefined, friend.addresses);
  await assert.rejects(late.enter(), /revoked/);
});

test("whoever asks before the swarm has begun is told to wait, and is let in as soon as it has", async (t) => {
  const door = await open(t, 3);
  const { text } = await door.ticket();
  const through = { ...LISTEN, listen: [], relays: door.founder.addresses };
  const comers = await Promise.all([
    door.come({ ticket: text }),
    door.come({ ticket: text }, undefined, undefined, through),
  ]);
  const stays = await Promise.all(comers.map((comer) => comer.enter()));
  assert.deepEqual(
    stays.map(({ view }) => view.members.length),
    [3, 3],
  );
});
