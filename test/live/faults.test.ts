/**
 * A live swarm whose members are killed, stopped and come back, through the real command.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { joiner, serve, temporaryPlace, ticketOf } from "./member.ts";

const JOB = ["--model", "softmax", "--rounds", "1000000", "--eval-every", "10", "--peers", "3"];

test("a swarm goes on without a joiner that is killed, one that is stopped, and its server; and takes back who returns", async (t) => {
  const at = await temporaryPlace(t);
  const server = serve(at, [...JOB, "--wait-for", "3"]);
  const ticket = await ticketOf(server);
  const first = joiner(at, "first", ticket);
  const second = joiner(at, "second", ticket);
  await Promise.all([server, first, second].map((member) => member.passes(20)));

  second.kill("SIGKILL");
  await server.says(/^peer \d is out: 2 members$/);
  await server.passes(server.round + 20);

  const again = joiner(at, "second", ticket, ["--continue"]);
  await server.says(/^peer 3 has come: 3 members$/);
  await again.passes(server.round);

  const before = [server, first, again].map(({ lines }) => lines.length);
  first.kill("SIGSTOP");
  await server.says(/^peer \d is out: 2 members$/, before[0]);
  await server.passes(server.round + 20);
  first.kill("SIGCONT");
  await first.says(/^the others went on without this peer: joining again$/);
  await server.says(/^peer 4 has come: 3 members$/);
  await first.passes(server.round);

  server.kill("SIGKILL");
  const since = again.lines.length;
  await again.says(/^peer 0 is out: 2 members$/, since);
  await Promise.all([first, again].map((member) => member.passes(member.round + 20)));

  again.kill("SIGINT");
  const { outcome, paramsHash } = await again.result(130);
  assert.equal(outcome, "interrupted");
  assert.match(String(paramsHash), /^[0-9a-f]{64}$/);
});

test("without a server, too, those who are left go on", async (t) => {
  const at = await temporaryPlace(t);
  const founder = serve(at, [...JOB, "--recipe", "choco", "--wait-for", "3"]);
  const ticket = await ticketOf(founder);
  const others = ["first", "second"].map((name) => joiner(at, name, ticket));
  await Promise.all([founder, ...others].map((member) => member.passes(20)));
  founder.kill("SIGKILL");
  await Promise.all(others.map((member) => member.says(/^peer 0 is out: 2 members$/)));
  await Promise.all(others.map((member) => member.passes(member.round + 20)));
});
