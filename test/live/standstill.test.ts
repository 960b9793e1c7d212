/**
 * A live swarm that cannot go on as it was: half of it is gone, or its disk is full.
 */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { joiner, serve, temporaryPlace, ticketOf } from "./member.ts";

const JOB = ["--model", "softmax", "--rounds", "1000000", "--eval-every", "10"];

test("half of a swarm waits for the other half, and goes on with a server that begins anew from what it saved", async (t) => {
  const at = await temporaryPlace(t);
  const server = serve(at, [...JOB, "--wait-for", "2", "--checkpoint-every", "5"]);
  const other = joiner(at, "other", await ticketOf(server), ["--checkpoint-every", "5"]);
  await Promise.all([server, other].map((member) => member.passes(20)));
  const [address = ""] = (await server.says(/^at \/ip4\//)).message?.split(" ").slice(1) ?? [];
  server.kill("SIGKILL");
  await other.says(/^fewer than half of the members are within reach: waiting for them$/);
  const port = /tcp\/(\d+)/.exec(address)?.[1];
  const again = serve(at, ["--continue", "--listen", `127.0.0.1:${port}`]);
  await other.says(/^the swarm was begun anew: joining it$/);
  await again.says(/^peer 1 has come: 2 members$/);
  await other.passes(again.round + 10, other.lines.length);
});

test("a disk that takes nothing is told of once, and the training goes on", async (t) => {
  const at = await temporaryPlace(t);
  await mkdir(join(at.folder, "server"));
  await writeFile(join(at.folder, "server", "checkpoints"), "no folder");
  const server = serve(at, ["--model", "softmax", "--rounds", "30", "--checkpoint-every", "5"]);
  const { outcome, trouble } = await server.result(1);
  assert.equal(outcome, "rounds");
  assert.equal((trouble as string[]).length, 1);
  assert.equal(server.lines.filter(({ message }) => message?.startsWith("checkpoint of round")).length, 1);
});
