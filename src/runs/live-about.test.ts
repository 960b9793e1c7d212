import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ThinwireError } from "../base/errors.ts";
import { peerId } from "../ports/view.ts";
import { checkJob, optionsOf } from "./job.ts";
import { type About, readAbout, writeAbout } from "./live-about.ts";
import { placeOf } from "./live-data.ts";
import { jobFor } from "./live-join.ts";

const aboutOf = (options: Parameters<typeof checkJob>[0], rest: Partial<About> = {}): About => ({
  run: "a-run",
  job: checkJob(options),
  continued: false,
  data: "shared",
  dataChecksum: 7,
  inputShape: [8, 8],
  classes: 10,
  parameters: 650,
  layout: "ab".repeat(32),
  ...rest,
});

/** Jobs that use every kind of option. */
const JOBS = [
  {},
  { recipe: "ef21", compressor: "top-k:0.01", until: "accuracy=0.9", schedule: "cosine", optimizer: "adam" },
  { recipe: "choco", model: "softmax", peers: "5" },
  { aggregator: "krum:1", byzantine: "1:sign-flip", average: "polyak", server: "own" },
];

test("what a founder tells is what a joiner reads", () => {
  for (const options of JOBS) {
    const about = aboutOf(options);
    assert.deepEqual(readAbout(writeAbout(about)), about);
  }
});

test("any bytes are a description or a typed error", () => {
  const whole = writeAbout(aboutOf({ recipe: "ef21" }));
  const total = (bytes: Uint8Array) => {
    try {
      readAbout(bytes);
    } catch (error) {
      assert.ok(error instanceof ThinwireError, String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), total));
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, end) => {
      const changed = Uint8Array.from(whole).subarray(0, Math.max(1, end));
      if (at < changed.length) changed[at] = byte;
      total(changed);
    }),
  );
  assert.throws(() => readAbout(new Uint8Array(70_000)), { code: "corrupt" });
});

test("fields that are missing, of another type or unknown are refused", () => {
  const good = JSON.parse(new TextDecoder().decode(writeAbout(aboutOf({}))));
  const read = (told: object) => () => readAbout(new TextEncoder().encode(JSON.stringify(told)));
  assert.doesNotThrow(read(good));
  for (const name of Object.keys(good)) assert.throws(read({ ...good, [name]: undefined }), ThinwireError, name);
  for (const job of [{ ...good.job, peers: 3 }, { ...good.job, path: "/etc/passwd" }, [], "sgd"]) {
    assert.throws(read({ ...good, job }), { code: "corrupt" });
  }
  assert.throws(read({ ...good, job: { ...good.job, recipe: "no-such-recipe" } }), { code: "config" });
  assert.throws(read({ ...good, job: { ...good.job, model: "m".repeat(3000) } }), { code: "corrupt" });
});

test("a joiner runs what the swarm runs, and refuses what differs by name", () => {
  const about = aboutOf({ recipe: "ef21", compressor: "top-k:0.05", model: "softmax", engine: "ort", lr: "0.1" });
  assert.deepEqual(jobFor(about, {}), { ...about.job, engine: "auto" });
  assert.deepEqual(jobFor(about, { engine: "jax", lr: "0.10", compressor: "top-k:0.050" }).engine, "jax");
  for (const [said, complaint] of [
    [{ lr: "0.2" }, /^--lr: expected 0.1, as the swarm trains, got "0.2"/],
    [{ recipe: "choco" }, /^--recipe: expected ef21/],
    [{ evalEvery: "3" }, /^--eval-every: expected 10/],
    [{ data: "csv:mine.csv" }, /^--data: expected no data of one's own/],
  ] as const) {
    assert.throws(() => jobFor(about, said), { code: "config", message: complaint });
  }
});

test("neither a model file nor a data file is taken from the swarm", () => {
  const file = aboutOf({ model: "./theirs.ts" });
  assert.throws(() => jobFor(file, {}), {
    message: /^--model: expected the file of the swarm's model on this machine/,
  });
  assert.equal(jobFor(file, { model: "./mine.ts" }).model, "./mine.ts");
  assert.throws(() => jobFor(file, { model: "softmax" }), { message: /^--model: expected .\/theirs.ts/ });
  const own = aboutOf({ data: "csv:/home/founder/secret.csv" }, { data: "own" });
  assert.throws(() => jobFor(own, {}), { message: /^--data: expected data of one's own/ });
  assert.equal(jobFor(own, { data: "csv:mine.csv" }).data, "csv:mine.csv");
});

test("the first workers take all parts of shared data, and whoever comes later takes one of them", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.boolean(), fc.nat(60_000), (peers, own, late) => {
      const job = { peers, server: own ? "own" : "peer" } as const;
      const first = Array.from({ length: peers }, (_, i) => placeOf(job, peerId(i + (own ? 1 : 0))));
      assert.deepEqual(
        first,
        first.map((_, i) => i),
      );
      assert.ok(first.includes(placeOf(job, peerId(late))));
    }),
  );
  assert.equal(optionsOf(checkJob({})).peers, "4");
});
