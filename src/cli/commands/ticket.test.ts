import assert from "node:assert/strict";
import { test } from "node:test";
import { AdmissionError } from "../../base/errors.ts";
import { seconds } from "../../base/units.ts";
import type { Wanted } from "../../runs/swarm-folder.ts";
import type { TicketRecord } from "../../runs/ticket-book.ts";
import type { Ticket } from "../../transports/libp2p/ticket.ts";
import { runCommandLine } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { FakeWorld, pretend } from "../testing/fake-world.ts";
import type { Tickets } from "../world.ts";

const now = seconds(new Date(2026, 2, 9, 14, 5, 33).getTime() / 1000); // of FakeWorld
const address = "/ip4/192.0.2.7/tcp/4001/p2p/12D3KooWKnDdG3iXw9eTFijk3EWSunZcFi54Zka4wmtqtt6rPxc8";
const ticket: Ticket = {
  swarm: "2ZSoztjd3umLOeTUPzQP7JIm5YPpURIOm8uLx_3nifs",
  serial: "1541836dfcfde0f2",
  role: "train",
  expires: seconds(Date.UTC(2030, 0, 2, 3, 4) / 1000),
  addresses: [address],
  text: "thinwire1secret",
};

const unused = () => Promise.reject(new Error("this test needs no such engine"));

async function run(args: string, tickets: Partial<Tickets>) {
  const engine: Tickets = { issue: unused, revoke: unused, list: unused, read: unused, ...tickets };
  const world = new FakeWorld(pretend(), { tickets: engine });
  const code = await runCommandLine(args.split(" "), world, "1.2.3");
  return { code, out: world.out.text, err: world.stderr.text };
}

test("issue prints the ticket alone on stdout, and tells what it is on stderr", async () => {
  const asked: [string, Wanted][] = [];
  const issue: Tickets["issue"] = async (folder, wanted) => {
    asked.push([folder, wanted]);
    return { ticket, newSwarm: true };
  };
  const { code, out, err } = await run("ticket issue", { issue });
  assert.deepEqual([code, out], [EXIT.done, "thinwire1secret\n"]);
  assert.match(
    err,
    /made the key of a new swarm in swarm\nticket 1541836dfcfde0f2 to train, until 2030-01-02 03:04 UTC/,
  );
  await run(`ticket issue --swarm a --role observe --expires 12h --address ${address} /ip4/x`, { issue });
  assert.deepEqual(asked, [
    ["swarm", { role: "train", expires: now + 7 * 86_400 }],
    ["a", { role: "observe", expires: now + 12 * 3600, addresses: [address, "/ip4/x"] }],
  ]);
});

test("issue --json is one object, with the ticket as its text", async () => {
  const { out } = await run("ticket issue --json", { issue: async () => ({ ticket, newSwarm: false }) });
  const { swarm, serial } = ticket;
  assert.deepEqual(JSON.parse(out), {
    swarm,
    serial,
    role: "train",
    expires: "2030-01-02T03:04:00.000Z",
    addresses: [address],
    text: "thinwire1secret",
  });
});

test("list tells which tickets hold", async () => {
  const record = (serial: string, expires: number, revoked: boolean): TicketRecord => ({
    serial: serial.repeat(16),
    role: "train",
    expires: seconds(expires),
    addresses: [address],
    revoked,
  });
  const list = async () => [record("a", now, false), record("b", now + 1, false), record("c", now + 1, true)];
  const { code, out } = await run("ticket list", { list });
  assert.equal(code, EXIT.done);
  assert.match(out, /^a{16} +train +2026-03-\d\d \d\d:\d\d UTC +expired$/m);
  assert.match(out, /^b{16} .* valid$/m);
  assert.match(out, /^c{16} .* revoked$/m);
  const states: { state: string }[] = JSON.parse((await run("ticket list --json", { list })).out);
  assert.deepEqual(
    states.map(({ state }) => state),
    ["expired", "valid", "revoked"],
  );
  assert.equal((await run("ticket list --swarm a", { list: async () => [] })).out, "no tickets in a\n");
});

test("revoke tells which ticket is void", async () => {
  const asked: string[] = [];
  const revoke: Tickets["revoke"] = async (folder, name) => {
    asked.push(folder, name);
    const { text: _, swarm: __, ...record } = ticket;
    return { ...record, revoked: true };
  };
  const { code, out } = await run("ticket revoke thinwire1secret --swarm a", { revoke });
  assert.deepEqual(
    [code, out, asked],
    [EXIT.done, "revoked ticket 1541836dfcfde0f2 to train\n", ["a", "thinwire1secret"]],
  );
  assert.equal(JSON.parse((await run("ticket revoke x --json", { revoke })).out).state, "revoked");
});

test("inspect reads a ticket and never prints it", async () => {
  const read = async () => ticket;
  const { code, out } = await run("inspect thinwire1secret", { read });
  assert.equal(code, EXIT.done);
  assert.match(
    out,
    /^ticket 1541836dfcfde0f2, .*\nswarm 2ZS.*\nrole train\nholds until 2030-01-02 03:04 UTC\nat \/ip4/,
  );
  const told = JSON.parse((await run("inspect thinwire1secret --json", { read })).out);
  assert.deepEqual([told.serial, told.expired, JSON.stringify(told).includes("secret")], [ticket.serial, false, false]);
  const old = await run("inspect thinwire1secret", { read: async () => ({ ...ticket, expires: now }) });
  assert.match(old.out, /^expired 2026-03-/m);
});

test("wrong options end with 2, keys and books that cannot be used with 1", async () => {
  const wrong = [
    "ticket",
    "ticket issue --role obsrve",
    "ticket issue --expires soon",
    "ticket revoke",
    "ticket list --swarm ",
    "ticket issu",
  ];
  for (const args of wrong) assert.equal((await run(args, {})).code, EXIT.usage, args);
  const issue = () => Promise.reject(new AdmissionError("swarm.key", { expected: "a key", got: "mode 0644" }));
  const { code, err } = await run("ticket issue", { issue });
  assert.deepEqual([code, err], [EXIT.failed, 'thinwire: swarm.key: expected a key, got "mode 0644".\n']);
});
