/**
 * A run that is watched while it goes on: over HTTP, and through the log on stderr.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { readExposition, sampleOf } from "../../src/runs/exposition.contract.ts";
import { temporaryFolder } from "./command.ts";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

test("train --metrics --log json: a scraper and a log reader follow the run, and SIGTERM ends it", async (t) => {
  const cwd = await temporaryFolder(t);
  const job = ["--model", "softmax", "--rounds", "1000000", "--eval-every", "5", "--link", "2mbit/4ms"];
  const watched = ["--metrics", "0", "--log", "json", "--json", "--out", "run"];
  const child = spawn(process.execPath, [MAIN, "train", ...job, ...watched], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "close");
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  let url: string | undefined;
  let asked = false;
  for await (const line of createInterface(child.stderr)) {
    const { event, level, message, round } = JSON.parse(line);
    assert.equal(level, "info", line);
    url ??= /watch (http:\/\/127\.0\.0\.1:\d+)/.exec(message ?? "")?.[1];
    if (event !== "progress" || round === 0 || asked) continue;
    asked = true;
    const health = await fetch(`${url}/healthz`);
    assert.deepEqual([health.status, ((await health.json()) as { status: string }).status], [200, "training"]);
    const metrics = readExposition(await (await fetch(`${url}/metrics`)).text());
    assert.ok((sampleOf(metrics, "thinwire_rounds_total") ?? 0) >= 1);
    assert.ok((sampleOf(metrics, "thinwire_sent_bytes_total", { direction: "up" }) ?? 0) > 0);
    child.kill("SIGTERM");
  }
  assert.deepEqual(await ended, [130, null]);
  assert.equal(JSON.parse(stdout).outcome, "interrupted");
});
