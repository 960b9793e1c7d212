import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AdmissionError, ConfigError } from "../../base/errors.ts";
import { seconds } from "../../base/units.ts";
import { ROLES } from "./admission-port.ts";
import { fromBase64url, toBase64url } from "./base64url.ts";
import { KeyPair } from "./keys.ts";
import { checkTicket, issueTicket, MAX_ADDRESSES, MAX_TICKET_CHARACTERS, parseTicket } from "./ticket.ts";

const swarm = await KeyPair.fromSecret(new Uint8Array(32).fill(1));
const member = await KeyPair.fromSecret(new Uint8Array(32).fill(2));
const ADDRESS = `/ip4/192.0.2.7/tcp/4001/p2p/${member.peerId}`;
const terms = { role: "train", expires: seconds(2_000_000_000), addresses: [ADDRESS] } as const;
const ticket = await issueTicket(swarm, terms, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));

const addresses = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 })).map(([host, port]) => `/ip4/${host}/tcp/${port}`),
  fc.ipV6().map((host) => `/ip6/${new URL(`http://[${host}]`).hostname.slice(1, -1)}/tcp/4001/ws`),
  fc.constantFrom("/dns4/swarm.example.org/tcp/443/wss", `${ADDRESS}/p2p-circuit`),
);

const refused = (text: string, what: RegExp): Promise<void> =>
  assert.rejects(parseTicket(text, "--ticket"), (error: Error) => {
    assert.ok(error instanceof ConfigError, String(error.stack));
    assert.match(error.message, /^--ticket: /);
    assert.match(error.message, what);
    return true;
  });

test("a ticket says what it was issued for, through its text alone", async () => {
  const all = fc.record({
    role: fc.constantFrom(...ROLES),
    expires: fc.nat(2 ** 32 - 1).map(seconds),
    addresses: fc.array(
      addresses.map((address) => `${address}/p2p/${member.peerId}`),
      { minLength: 1, maxLength: MAX_ADDRESSES },
    ),
  });
  await fc.assert(
    fc.asyncProperty(all, fc.constantFrom("", " ", "\n"), async (stated, space) => {
      const issued = await issueTicket(swarm, stated);
      const { role, expires, addresses: found, swarm: id } = await parseTicket(space + issued.text + space);
      assert.deepEqual({ role, expires, addresses: found }, { ...stated });
      assert.equal(id, swarm.swarmId);
      assert.match(issued.serial, /^[0-9a-f]{16}$/);
      assert.ok(issued.text.length <= MAX_TICKET_CHARACTERS && /^thinwire1[\w-]+$/.test(issued.text));
    }),
    { numRuns: 50 },
  );
});

test("the layout of a ticket stays as it is, for those that are out", async () => {
  const bytes = Buffer.from(fromBase64url(ticket.text.slice("thinwire1".length)) ?? []);
  const body = `00${"00943577"}0102030405060708${Buffer.from(swarm.publicKey).toString("hex")}01${ADDRESS.length.toString(16)}`;
  assert.equal(bytes.subarray(0, body.length / 2).toString("hex"), body);
  assert.equal(bytes.subarray(body.length / 2, -64).toString("latin1"), ADDRESS);
  const domain = new TextEncoder().encode("thinwire ticket 1\n");
  const signature = await swarm.sign(Buffer.concat([domain, bytes.subarray(0, -64)]));
  assert.deepEqual(new Uint8Array(bytes.subarray(-64)), signature);
});

test("every change of one bit is refused", async () => {
  const { text } = ticket;
  let tried = 0;
  for (let at = 0; at < text.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1);
      await assert.rejects(parseTicket(changed), ConfigError, `bit ${bit} of character ${at}`);
      tried += 1;
    }
  }
  assert.equal(tried, 8 * text.length);
});

test("every change of one bit within the signed bytes is refused", async () => {
  const bytes = fromBase64url(ticket.text.slice("thinwire1".length))!;
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    await assert.rejects(parseTicket(`thinwire1${toBase64url(changed)}`), ConfigError, `bit ${bit}`);
  }
});

test("what is no ticket is refused with what to do about it", async () => {
  await refused("", /the line that begins with thinwire1, got "something else"/);
  await refused("join us", /Copy the whole line/);
  await refused(ticket.text.slice(0, -8), /characters changed or missing/);
  await refused(`${ticket.text.slice(0, 50)} ${ticket.text.slice(50)}`, /changed or missing/);
  await refused(ticket.text.replace("thinwire1", "thinwire2"), /version 1, got "version 2"\. Install the Thinwire/);
  await refused(`thinwire1${"A".repeat(10_000)}`, /10009 characters/);
});

test("a ticket that somebody else signed in the swarm's name is refused", async () => {
  const forger = await KeyPair.generate();
  const own = await issueTicket(forger, terms);
  const bytes = fromBase64url(own.text.slice("thinwire1".length))!;
  bytes.set(swarm.publicKey, 13);
  await refused(`thinwire1${toBase64url(bytes)}`, /signature is not the swarm's/);
});

test("a ticket holds until it expires or is revoked", () => {
  const { serial, expires } = ticket;
  const none = new Set<string>();
  checkTicket(ticket, seconds(expires - 1), none);
  const says = (what: RegExp) => (error: Error) => error instanceof AdmissionError && what.test(error.message);
  assert.throws(() => checkTicket(ticket, expires, none), says(/0102030405060708.*expired at 2033-05-18T03:33:20Z/));
  assert.throws(() => checkTicket(ticket, seconds(0), new Set([serial])), says(/one that was revoked/));
});

test("terms that a ticket cannot state are refused", async () => {
  const long = `/dns4/${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.example.org/tcp/443/wss/p2p/${member.peerId}`;
  const wrong: readonly [object, RegExp][] = [
    [{ addresses: [] }, /1 to 8 addresses/],
    [{ addresses: Array.from({ length: 9 }, () => ADDRESS) }, /1 to 8 addresses/],
    [{ addresses: ["192.0.2.7:4001"] }, /a multiaddr such as/],
    [{ addresses: ["/ip4/192.0.2.7/tcp/4001"] }, /end in the peer id/],
    [{ addresses: [long] }, /at most 255 characters/],
    [{ expires: seconds(2 ** 32) }, /between 1970 and 2106/],
    [{ expires: seconds(Number.NaN) }, /between 1970 and 2106/],
  ];
  for (const [change, what] of wrong) {
    await assert.rejects(
      issueTicket(swarm, { ...terms, ...change }),
      (error: Error) => error instanceof ConfigError && what.test(error.message),
      JSON.stringify(change),
    );
  }
});
