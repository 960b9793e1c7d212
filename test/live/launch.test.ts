/**
 * Processes of a launch that are lost and come back: no rank is special, not even that which founded the swarm.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { watch } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readLiveRecord } from "../../src/runs/live-folder.ts";
import { freePort, Member, type Place, temporaryPlace } from "./member.ts";

const SIZE = 4;
const JOB = ["--model", "softmax", "--recipe", "all-reduce-sgd", "--rounds", "1000000", "--eval-every", "10"];
const OUT = ["--out", "run", "--continue", "--checkpoint-every", "20", "--log", "json", "--json"];

function process(at: Place, rank: number, port: string): Member {
  const place = { RANK: `${rank}`, WORLD_SIZE: `${SIZE}`, MASTER_ADDR: "127.0.0.1", MASTER_PORT: port };
  return new Member(at, `rank ${rank}`, ["train", ...JOB, ...OUT], { ...place, THINWIRE_SECRET: "only for this test" });
}

/** Until rank 1 is in a view with so many others: it writes down where they are. */
async function others(at: Place, count: number): Promise<void> {
  const folder = join(at.folder, "run", "rank-1");
  const watcher = watch(folder);
  try {
    while ((await readLiveRecord(folder))?.members.length !== count) await once(watcher, "change");
  } finally {
    watcher.close();
  }
}

test("rank 0 of a launch is killed and comes back to the others, which have gone on; so does another without rank 0", async (t) => {
  const at = await temporaryPlace(t);
  const port = await freePort();
  const [first, ...rest] = Array.from({ length: SIZE }, (_, rank) => process(at, rank, port));
  const { round } = await first!.passes(40);
  first!.kill("SIGKILL");
  await others(at, 2);

  const last = rest.pop()!;
  last.kill("SIGKILL");
  await others(at, 1);
  const lastAgain = process(at, SIZE - 1, port);
  await others(at, 2);

  const firstAgain = process(at, 0, port);
  await firstAgain.says(/^in the swarm: 4 members/);
  await firstAgain.passes(round! + 40);
  const all = [firstAgain, lastAgain, ...rest];
  for (const one of all) one.kill("SIGINT");
  assert.equal((await firstAgain.result(130)).outcome, "interrupted");
  for (const { over, name } of all.slice(1)) assert.equal((await over).code, 130, name);
});
