/**
 * Whole runs through the command: what they print, write, and how they end.
 */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { lastObject, temporaryFolder, thinwire } from "./command.ts";

const TINY = ["--model", "softmax", "--rounds", "6", "--eval-every", "2"];

/** What a program that reads `--json` relies on. */
const CONTRACT = [
  ...["recipe", "compressor", "model", "peers", "rounds", "seconds", "clock", "bytesUp", "bytesDown", "bytesTotal"],
  ...["bytesPerPeerPerRound", "encodeMs", "decodeMs", "loss", "accuracy", "target", "reachedTargetAtRound"],
  ...["reachedTargetAtSeconds", "uncompressedBytes", "compressionRatio", "seed", "paramsHash"],
];

test("simulate --json prints one object with all fields, progress on stderr, and writes nothing", async (t) => {
  const folder = await temporaryFolder(t);
  const ended = await thinwire(folder, ["simulate", ...TINY, "--json"]);
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(ended.stdout.trimEnd().split("\n").length, 1);
  const result = lastObject(ended);
  for (const field of CONTRACT) assert.ok(field in result, field);
  assert.equal(result.clock, "virtual");
  assert.equal(result.rounds, 6);
  assert.match(ended.stderr, /round 0\/6/);
  assert.deepEqual(await readdir(folder), []);
});

test("train and simulate end with the same parameters, bit for bit, and the same bytes on the wires", async (t) => {
  const folder = await temporaryFolder(t);
  const [simulated, trained] = await Promise.all(
    ["simulate", "train"].map(async (command) => {
      const ended = await thinwire(folder, [command, ...TINY, "--json"]);
      assert.equal(ended.code, 0, ended.stderr);
      return lastObject(ended);
    }),
  );
  assert.match(String(trained?.paramsHash), /^[0-9a-f]{64}$/);
  for (const field of ["paramsHash", "bytesTotal", "loss", "accuracy"])
    assert.equal(trained?.[field], simulated?.[field]);
});

test("train says where it writes, and inspect reads what is there", async (t) => {
  const folder = await temporaryFolder(t);
  const { stdout } = await thinwire(folder, ["train", ...TINY]);
  const out = /written to (runs\/train-\S+)/.exec(stdout)?.[1] ?? assert.fail(stdout);
  assert.ok((await readdir(join(folder, out))).includes("result.json"));
  const inspected = await thinwire(folder, ["inspect", out]);
  assert.equal(inspected.code, 0, inspected.stderr);
  assert.match(inspected.stdout, /after round 6 of 6/);
  const { paramsHash, round } = lastObject(await thinwire(folder, ["inspect", out, "--json"]));
  const result: { paramsHash: string } = JSON.parse(await readFile(join(folder, out, "result.json"), "utf8"));
  assert.deepEqual([paramsHash, round], [result.paramsHash, 6]);
});

test("a run that is interrupted leaves a checkpoint, and continued ends where an uninterrupted one does", async (t) => {
  const folder = await temporaryFolder(t);
  const job = ["--model", "softmax", "--rounds", "400", "--eval-every", "5", "--link", "2mbit/4ms"];
  const first = await thinwire(folder, ["train", ...job, "--out", "run"], { interruptAfter: /round \d/ });
  assert.equal(first.code, 130, first.stderr);
  assert.match(first.stdout, /stopping after this round; Ctrl-C again to stop at once/);
  assert.match(first.stdout, /stopped after \d+ rounds?/);
  const [checkpoint = assert.fail("no checkpoint")] = await readdir(join(folder, "run/checkpoints"));
  const round = Number(checkpoint.replace("round-", ""));
  assert.ok(round >= 1 && round < 400);

  const rest = await thinwire(folder, ["simulate", "--resume", "run", "--rounds", String(round + 5), "--json"]);
  const whole = await thinwire(folder, ["simulate", ...job, "--rounds", String(round + 5), "--json"]);
  assert.equal(rest.code, 0, rest.stderr);
  assert.equal(lastObject(rest).paramsHash, lastObject(whole).paramsHash);
});

test("a target that is not reached is exit code 3", async (t) => {
  const { code, stdout } = await thinwire(await temporaryFolder(t), ["simulate", ...TINY, "--until", "accuracy=0.999"]);
  assert.equal(code, 3);
  assert.match(stdout, /did not reach accuracy=0\.999 in 6 rounds/);
});

test("compare writes a report and a result, and prints one object", async (t) => {
  const folder = await temporaryFolder(t);
  const ended = await thinwire(folder, [
    "compare",
    "--simulate",
    ...TINY,
    "--out",
    "out",
    "--json",
    "--until",
    "loss=9",
  ]);
  assert.equal(ended.code, 0, ended.stderr);
  const runs = lastObject(ended).runs;
  assert.ok(Array.isArray(runs) && runs.length === 3);
  for (const run of runs) for (const field of CONTRACT) assert.ok(field in run, field);
  assert.deepEqual(JSON.parse(await readFile(join(folder, "out/result.json"), "utf8")), lastObject(ended));
  assert.match(await readFile(join(folder, "out/report.html"), "utf8"), /^<!doctype html>.*<\/html>\n$/s);
});

for (const command of ["train", "simulate", "compare"]) {
  test(`${command}: a folder that cannot be written is one clear line and exit code 1`, async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, "file"), "");
    const { code, stderr } = await thinwire(folder, [command, ...TINY, "--out", "file/run"]);
    assert.equal(code, 1);
    assert.match(stderr, /^thinwire: file\/run.*: expected a folder that can be written.*\n$/);
  });
}

test("a reader that goes away ends the command quietly, with everything saved", async (t) => {
  const folder = await temporaryFolder(t);
  const job = ["train", "--model", "softmax", "--rounds", "100000", "--eval-every", "5", "--out", "run"];
  const { code, stderr } = await thinwire(folder, job, { closeAfter: /round \d/ });
  assert.deepEqual([code, stderr], [130, ""]);
  const result: { outcome: string } = JSON.parse(await readFile(join(folder, "run/result.json"), "utf8"));
  assert.equal(result.outcome, "interrupted");
});

test("bench codecs measures every compressor it is given", async (t) => {
  const args = ["bench", "codecs", "sign", "top-k:0.01", "--entries", "4096", "--repeats", "1", "--json"];
  const measured = lastObject(await thinwire(await temporaryFolder(t), args));
  assert.ok(Number(measured.memcpyGBs) > 0);
  const rows = measured.rows;
  assert.ok(Array.isArray(rows) && rows.length === 2);
  for (const field of [
    "encodeGBs",
    "encodeWithFeedbackGBs",
    "decodeGBs",
    "decodeAddGBs",
    "twinEncodeGBs",
    "bitsPerEntry",
  ]) {
    for (const row of rows) assert.ok(row[field] > 0, field);
  }
});
