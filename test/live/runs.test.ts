/**
 * Whole runs of several processes: they end with the parameters that the simulator predicts, bit for bit, and continue when
 * all have died.
 */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { checkJob } from "../../src/runs/job.ts";
import { simulateJob } from "../../src/runs/simulate.ts";
import { freePort, joiner, Member, type Place, resultIn, serve, temporaryPlace, ticketOf } from "./member.ts";

const SAME = ["paramsHash", "bytesUp", "bytesDown", "loss", "accuracy", "compressionRatio"] as const;

function assertSame(result: Record<string, unknown>, simulated: object, fields: readonly string[] = SAME): void {
  const of = (from: object) =>
    Object.fromEntries(fields.map((name) => [name, (from as Record<string, unknown>)[name]]));
  assert.deepEqual(of(result), of(simulated));
}

test("who serves and who joins reach the target together, with the simulator's parameters", async (t) => {
  const at = await temporaryPlace(t);
  const until = "accuracy=0.85";
  const options = { model: "softmax", recipe: "double-squeeze", peers: "3", rounds: "80", evalEvery: "10", until };
  const args = ["--model", "softmax", "--peers", "3", "--rounds", "80", "--eval-every", "10", "--until", until];
  const server = serve(at, [...args, "--wait-for", "3"]);
  const ticket = await ticketOf(server);
  const joiners = ["a", "b"].map((name) => joiner(at, name, ticket));
  const simulated = await simulateJob(checkJob(options));
  assert.equal(simulated.outcome, "target");
  const result = await server.result(0);
  assertSame(result, simulated);
  assert.equal(result.reachedTargetAtRound, simulated.reachedTargetAtRound);
  for (const one of joiners) assertSame(await one.result(0), simulated, ["paramsHash", "bytesUp", "bytesDown"]);
  assert.deepEqual(await resultIn(at, "server"), result);
  for (const { lines, name } of [server, ...joiners]) {
    const last = lines.findLast(({ round }) => round === simulated.rounds);
    assert.equal(last?.parameters, simulated.paramsHash.slice(0, 12), `${name} shows other parameters`);
  }
});

/** Starts a process for each environment, all of one command line. @returns what each printed */
async function launch(at: Place, args: readonly string[], envs: readonly Record<string, string>[]) {
  const processes = envs.map((env, rank) => new Member(at, `rank ${rank}`, ["train", "--json", ...args], env));
  const overs = await Promise.all(processes.map(({ over }) => over));
  for (const [rank, { code, stderr }] of overs.entries()) assert.equal(code, 0, `rank ${rank}: ${stderr}`);
  return overs;
}

const LAUNCHERS: readonly [string, (rank: number) => Record<string, string>][] = [
  [
    "sgd",
    (rank) => ({ RANK: `${rank}`, WORLD_SIZE: "4", MASTER_ADDR: "localhost", THINWIRE_SECRET: "only for this test" }),
  ],
  [
    "all-reduce-sgd",
    (rank) => ({
      OMPI_COMM_WORLD_RANK: `${rank}`,
      OMPI_COMM_WORLD_SIZE: "4",
      OMPI_COMM_WORLD_LOCAL_RANK: `${rank}`,
      OMPI_COMM_WORLD_LOCAL_SIZE: "4",
    }),
  ],
];

for (const [recipe, env] of LAUNCHERS) {
  test(`train under a launcher: four processes of ${recipe} end as the simulator does, and rank 0 alone says so`, async (t) => {
    const at = await temporaryPlace(t);
    const args = ["--model", "softmax", "--rounds", "20", "--recipe", recipe, "--out", "run"];
    const port = await freePort();
    const envs = [0, 1, 2, 3].map((rank) => ({ ...env(rank), MASTER_PORT: port }));
    const [first, ...others] = await launch(at, args, envs);
    const simulated = await simulateJob(checkJob({ model: "softmax", recipe, rounds: "20" }));
    assertSame(JSON.parse(first!.stdout), simulated);
    for (const { stdout, stderr } of others) assert.deepEqual([stdout, stderr], ["", ""]);
    assert.ok((await readdir(join(at.folder, "run"))).includes("rank-3"));
  });
}

test("when all have died they go on from the newest round that any has saved", async (t) => {
  const at = await temporaryPlace(t);
  const often = ["--checkpoint-every", "5"];
  const job = ["--model", "softmax", "--peers", "2", "--rounds", "1000000", "--eval-every", "5", "--wait-for", "2"];
  const server = serve(at, [...job, ...often]);
  const other = joiner(at, "other", await ticketOf(server), often);
  await Promise.all([server, other].map((one) => one.passes(20)));
  for (const one of [server, other]) one.kill("SIGKILL");
  await Promise.all([server.over, other.over]);

  const saved = await newestRound(at.folder, "server");
  const again = serve(at, ["--continue", "--wait-for", "2", ...often]);
  const back = joiner(at, "other", await ticketOf(again), ["--continue", ...often]);
  const { round } = await again.passes(0);
  assert.ok(saved >= 5 && round! >= saved, `went on from round ${round}, saved were ${saved}`);
  await back.passes(round!);
  for (const one of [again, back]) one.kill("SIGINT");
  assert.equal((await again.result(130)).outcome, "interrupted");
  assert.equal((await back.result(130)).outcome, "interrupted");
});

async function newestRound(cwd: string, name: string): Promise<number> {
  const folders = await readdir(join(cwd, name, "checkpoints"));
  return Math.max(...folders.filter((folder) => /^round-\d+$/.test(folder)).map((folder) => Number(folder.slice(6))));
}
