import assert from "node:assert/strict";
import { test } from "node:test";
import type { Launch } from "./launch.ts";
import { keysOf, ownIdentity, wordOf } from "./live-word.ts";

const launch = (rank: number, port = 29_500): Launch => ({
  source: "Slurm",
  rank,
  size: 4,
  localRank: rank,
  coordinator: { host: "node01", port },
});

const idsOf = async (env: Record<string, string>, of: Launch): Promise<string[]> => {
  const keys = await keysOf(wordOf(env, of));
  const identities = await Promise.all([0, 1, 2, 3].map((rank) => keys.identity(rank)));
  return [keys.swarm.swarmId, ...identities.map(({ peerId }) => peerId)];
};

test("all ranks of a launch derive the same keys, another launch derives others", async () => {
  const env = { SLURM_JOB_ID: "17", SLURM_STEP_ID: "0" };
  const keys = await idsOf({ ...env, SLURM_PROCID: "0" }, launch(0));
  assert.equal(new Set(keys).size, 5);
  assert.deepEqual(await idsOf({ ...env, SLURM_PROCID: "3" }, launch(3)), keys);
  for (const [other, of] of [
    [{ ...env, SLURM_JOB_ID: "18" }, launch(0)],
    [{ ...env, SLURM_STEP_ID: "1" }, launch(0)],
    [env, launch(0, 29_501)],
    [{ ...env, THINWIRE_SECRET: "a shared word" }, launch(0)],
  ] as const) {
    assert.notDeepEqual(await idsOf(other, of), keys);
  }
});

test("a secret is the whole word, and a short one is refused", () => {
  const env = { SLURM_JOB_ID: "17", THINWIRE_SECRET: "a shared word" };
  assert.deepEqual(wordOf(env, launch(2)), { text: "a shared word", secret: true });
  assert.equal(wordOf({ SLURM_JOB_ID: "17" }, launch(2)).secret, false);
  assert.throws(() => wordOf({ THINWIRE_SECRET: "short" }, launch(2)), { code: "config" });
});

test("without a secret nobody can take the place of any process but rank 0 by knowing the names of the job", async () => {
  for (const THINWIRE_SECRET of ["", "a shared word"]) {
    const word = wordOf({ SLURM_JOB_ID: "17", THINWIRE_SECRET }, launch(0));
    const keys = await keysOf(word);
    const isDerived = async (rank: number) =>
      (await ownIdentity(word, keys, rank)).peerId === (await keys.identity(rank)).peerId;
    assert.deepEqual([await isDerived(0), await isDerived(1)], [true, word.secret]);
  }
});
