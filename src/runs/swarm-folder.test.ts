import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CheckpointError, ConfigError, CorruptError } from "../base/errors.ts";
import { seconds } from "../base/units.ts";
import { KeyPair } from "../transports/libp2p/keys.ts";
import { issueTicket, parseTicket } from "../transports/libp2p/ticket.ts";
import { keyFromFile } from "./key-files.ts";
import { issueFrom, revokedIn, revokeIn, swarmKeyPath, ticketBookPath, ticketsOf } from "./swarm-folder.ts";

const { peerId } = await KeyPair.fromSecret(new Uint8Array(32).fill(2));
const addresses = [`/ip4/192.0.2.7/tcp/4001/p2p/${peerId}`];
const wanted = { role: "train", expires: seconds(2_000_000_000), addresses } as const;

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "thinwire-swarm-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("the first ticket makes the swarm's key, later ones take key and addresses", async (t) => {
  const folder = join(await temporaryFolder(t), "swarm");
  const first = await issueFrom(folder, wanted);
  const { addresses: _, ...bare } = wanted;
  const second = await issueFrom(folder, { ...bare, role: "observe" });
  assert.deepEqual([first.newSwarm, second.newSwarm], [true, false]);
  assert.equal(second.ticket.swarm, first.ticket.swarm);
  assert.equal(second.ticket.swarm, (await keyFromFile(swarmKeyPath(folder), "swarm")).swarmId);
  assert.deepEqual((await parseTicket(second.ticket.text)).addresses, addresses);
  assert.deepEqual(
    (await ticketsOf(folder)).map(({ serial, role, revoked }) => [serial, role, revoked]),
    [
      [first.ticket.serial, "train", false],
      [second.ticket.serial, "observe", false],
    ],
  );
});

test("the book holds no ticket", async (t) => {
  const folder = await temporaryFolder(t);
  const { ticket } = await issueFrom(folder, wanted);
  const book = await readFile(ticketBookPath(folder), "utf8");
  assert.ok(book.includes(ticket.serial) && !book.includes("thinwire1"));
  assert.deepEqual((await readdir(folder)).sort(), ["swarm.key", "tickets.json"]);
});

test("a ticket that cannot be issued leaves nothing behind", async (t) => {
  const folder = join(await temporaryFolder(t), "swarm");
  const { addresses: _, ...bare } = wanted;
  await assert.rejects(issueFrom(folder, bare), (error: Error) => /^--address: /.test(error.message));
  await assert.rejects(issueFrom(folder, { ...wanted, addresses: ["nowhere"] }), ConfigError);
  await assert.rejects(revokeIn(folder, "0".repeat(16)), ConfigError);
  await assert.rejects(readdir(folder), { code: "ENOENT" });
});

test("a ticket is revoked by its serial or by itself, as often as one likes", async (t) => {
  const folder = await temporaryFolder(t);
  const issued = [await issueFrom(folder, wanted), await issueFrom(folder, wanted), await issueFrom(folder, wanted)];
  const [a, b, c] = issued.map(({ ticket }) => ticket);
  assert.equal((await revokedIn(folder)).size, 0);
  for (const name of [a!.serial, ` ${a!.serial.toUpperCase()}`, b!.text, a!.text]) {
    assert.ok((await revokeIn(folder, name)).revoked);
  }
  assert.deepEqual(await revokedIn(folder), new Set([a!.serial, b!.serial]));
  assert.deepEqual(
    (await ticketsOf(folder)).map(({ serial }) => serial),
    [a!.serial, b!.serial, c!.serial],
  );
});

test("a ticket that was issued elsewhere with the same key is revoked by itself, another swarm's is not", async (t) => {
  const folder = await temporaryFolder(t);
  await issueFrom(folder, wanted);
  const elsewhere = await issueTicket(await keyFromFile(swarmKeyPath(folder), "swarm"), wanted);
  await revokeIn(folder, elsewhere.text);
  assert.deepEqual(await revokedIn(folder), new Set([elsewhere.serial]));
  const foreign = await issueTicket(await KeyPair.generate(), wanted);
  await assert.rejects(revokeIn(folder, foreign.text), /one of another swarm/);
  await assert.rejects(revokeIn(folder, foreign.serial), /thinwire ticket list shows the serials/);
});

test("two commands never change the book at once", async (t) => {
  const folder = await temporaryFolder(t);
  await issueFrom(folder, wanted);
  const changes = await Promise.allSettled(Array.from({ length: 5 }, () => issueFrom(folder, wanted)));
  const done = changes.filter(({ status }) => status === "fulfilled").length;
  assert.ok(done >= 1);
  assert.equal((await ticketsOf(folder)).length, 1 + done, "what was issued is written down");
  for (const change of changes) {
    if (change.status === "rejected") assert.match(String(change.reason), /no other command.*delete .*\.lock/);
  }
  await writeFile(`${ticketBookPath(folder)}.lock`, "");
  await assert.rejects(issueFrom(folder, wanted), CheckpointError);
});

test("a book that is damaged lets nobody pass for not revoked", async (t) => {
  const folder = await temporaryFolder(t);
  await issueFrom(folder, wanted);
  const whole = await readFile(ticketBookPath(folder), "utf8");
  const damaged = [
    "",
    "[]",
    "null",
    '{"tickets": 7}',
    '{"tickets": [null]}',
    whole.slice(0, -9),
    whole.replace("false", '"false"'),
    whole.replace(/"revoked": false/, '"revokd": true'),
    whole.replace('"train"', '"toString"'),
    whole.replace(/"serial": "./, '"serial": "x'),
  ];
  for (const content of damaged) {
    assert.notEqual(content, whole);
    await writeFile(ticketBookPath(folder), content);
    await assert.rejects(revokedIn(folder), CorruptError, content);
  }
});
