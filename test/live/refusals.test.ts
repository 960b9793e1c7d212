/**
 * Who is not let into a live swarm, and what it is told.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { seconds } from "../../src/base/units.ts";
import { keyFromFile } from "../../src/runs/key-files.ts";
import { issueFrom, swarmKeyPath } from "../../src/runs/swarm-folder.ts";
import { issueTicket, parseTicket } from "../../src/transports/libp2p/ticket.ts";
import { temporaryFolder, thinwire } from "../cli/command.ts";
import { serve, ticketOf } from "./member.ts";

test("a ticket that is missing, forged, expired, revoked or of another swarm is refused in one line, and so is another job", async (t) => {
  const cwd = await temporaryFolder(t);
  const server = serve(t, cwd, ["--model", "softmax", "--rounds", "1000000"]);
  const good = await ticketOf(server);
  const { addresses } = await parseTicket(good);
  const other = await keyFromFile(swarmKeyPath(join(cwd, "elsewhere")), "swarm");
  const later = seconds(4_000_000_000);
  const foreign = await issueTicket(other, { role: "train", expires: later, addresses });
  const past = await issueFrom(join(cwd, "server"), { role: "train", expires: seconds(1), addresses });
  const observe = await issueFrom(join(cwd, "server"), { role: "observe", expires: later, addresses });
  const refusals: readonly (readonly [string[], number, RegExp])[] = [
    [[], 2, /missing required argument 'ticket'/],
    [[`${good.slice(0, -2)}AA`], 2, /ticket: expected a join ticket/],
    [[past.ticket.text], 1, /ticket \w+: expected a ticket that holds, got "?one that expired at 1970/],
    [[foreign.text], 2, /expected to be let in, got "ticket \w+: expected a ticket of this swarm/],
    [[observe.ticket.text], 2, /expected to be let in, got "ticket \w+: expected a peer that wants to observe/],
    [[good, "--model", "mlp:8"], 2, /--model: expected softmax, as the swarm trains, got "mlp:8"/],
    [
      [good, "--data", "csv:mine.csv"],
      2,
      /--data: expected no data of one's own: the peers of this swarm share digits/,
    ],
  ];
  const ended = refusals.map(([args]) => thinwire(cwd, ["join", ...args, "--listen", "127.0.0.1:0"]));
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
