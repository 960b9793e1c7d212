/**
 * Who is not let into a live swarm, and what it is told.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { seconds } from "../../src/base/units.ts";
import { keyFromFile } from "../../src/runs/key-files.ts";
import { issueFrom, revokeIn, swarmKeyPath } from "../../src/runs/swarm-folder.ts";
import { issueTicket, parseTicket } from "../../src/transports/libp2p/ticket.ts";
import { thinwire } from "../cli/command.ts";
import { joiner, serve, temporaryPlace, ticketOf } from "./member.ts";

const LATER = seconds(4_000_000_000);

test("a ticket that is missing, forged, expired, revoked or of another swarm is refused in one line, and so is another job", async (t) => {
  const at = await temporaryPlace(t);
  const swarm = join(at.folder, "server");
  const server = serve(at, ["--model", "softmax", "--rounds", "1000000"]);
  const good = await ticketOf(server);
  const { addresses } = await parseTicket(good);
  const foreignKey = await keyFromFile(swarmKeyPath(join(at.folder, "elsewhere")), "swarm");
  const foreign = await issueTicket(foreignKey, { role: "train", expires: LATER, addresses });
  const past = await issueFrom(swarm, { role: "train", expires: seconds(1), addresses });
  const { ticket: revoked } = await issueFrom(swarm, { role: "train", expires: LATER, addresses });
  await revokeIn(swarm, revoked.serial);
  const refusals: readonly (readonly [string[], number, RegExp])[] = [
    [[], 2, /missing required argument 'ticket'/],
    [[`${good.slice(0, -2)}AA`], 2, /ticket: expected a join ticket/],
    [[past.ticket.text], 1, /ticket \w+: expected a ticket that holds, got "?one that expired at 1970/],
    [[foreign.text], 2, /expected to be let in, got "ticket \w+: expected a ticket of this swarm/],
    [[revoked.text], 2, /expected to be let in, got "ticket \w+: expected a ticket that holds, got .*revoked/],
    [[good, "--model", "mlp:8"], 2, /--model: expected softmax, as the swarm trains, got "mlp:8"/],
  ];
  const ended = refusals.map(([args]) => thinwire(at.folder, ["join", ...args, "--listen", "127.0.0.1:0"]));
  for (const [i, { code, stderr }] of (await Promise.all(ended)).entries()) {
    const [args, wanted, complaint] = refusals[i]!;
    assert.equal(code, wanted, `${args}: ${stderr}`);
    assert.match(stderr, complaint);
    assert.equal(
      stderr
        .trimEnd()
        .split("\n")
        .filter((line) => line.startsWith("thinwire:")).length,
      1,
      stderr,
    );
  }
  await server.says(/^refused 12D3KooW\w+ at \S+: ticket \w+: expected a ticket of this swarm/);
  server.kill("SIGINT");
  await server.result(130);
});

test("a member whose ticket is revoked while it trains is out of the swarm, and is told why", async (t) => {
  const at = await temporaryPlace(t);
  const swarm = join(at.folder, "server");
  const server = serve(at, ["--model", "softmax", "--rounds", "1000000", "--eval-every", "10"]);
  const good = await ticketOf(server);
  const { addresses } = await parseTicket(good);
  const { ticket } = await issueFrom(swarm, { role: "train", expires: LATER, addresses });
  const [friend, other] = [joiner(at, "friend", good), joiner(at, "other", ticket.text)];
  await Promise.all([server, friend, other].map((member) => member.passes(20)));
  await revokeIn(swarm, ticket.serial);
  await friend.says(new RegExp(`^peer \\d may not stay: its ticket ${ticket.serial} was revoked$`));
  const { code, stderr } = await other.over;
  assert.equal(code, 2, stderr);
  assert.match(stderr, /expected to be let in, got .*ticket that holds, got .*revoked/);
  await friend.passes(friend.round + 20);
});
