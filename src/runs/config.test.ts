import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../base/errors.ts";
import { type ConfigOptions, formatConfig, parseConfig } from "./config.ts";
import { checkJob, type JobOptions, optionsOf } from "./job.ts";

const parsed = (value: unknown): ConfigOptions => parseConfig(JSON.stringify(value), "job.json");

test("a job file gives the options that the command line would", () => {
  const file = {
    $schema: "./thinwire.schema.json",
    recipe: "ef21",
    compressor: "top-k:0.05",
    peers: 8,
    lr: 0.1,
    momentum: "0.9@worker",
    evalEvery: 5,
    faults: { loss: 0.1 },
    out: "runs/a",
    checkpointEvery: 100,
  };
  assert.deepEqual(parsed(file), {
    recipe: "ef21",
    compressor: "top-k:0.05",
    peers: "8",
    lr: "0.1",
    momentum: "0.9@worker",
    evalEvery: "5",
    faults: '{"loss":0.1}',
    out: "runs/a",
    checkpointEvery: "100",
  });
});

const jobs: readonly JobOptions[] = [
  {},
  { recipe: "sgd", momentum: "0.5", until: "accuracy=0.93", compute: "measured" },
  { recipe: "choco:topology=torus", compressor: "top-k:0.1", peers: "9", local: "norm" },
  { recipe: "diana", lr: "64*theory", partition: "dirichlet:0.3", model: "softmax", seed: "9007199254740991" },
  { faults: '{"groups":{"homes":{"peers":"1-3","link":"1mbit"}},"loss":0.1}', optimizer: "adam", average: "polyak" },
  { compressor: "sign", down: "top-k:0.05", server: "own", link: "10mbit/50mbit/40ms", byzantine: "1:sign-flip" },
];

for (const options of jobs) {
  test(`the job file of ${JSON.stringify(options)} gives the job again, and so does its job.json`, () => {
    const job = checkJob(options);
    assert.deepEqual(checkJob(parsed(formatConfig(optionsOf(job)))), job);
    assert.deepEqual(checkJob(parsed(job)), job);
  });
}

test("any options come back as they were", () => {
  const amounts = fc.oneof(fc.double({ noNaN: true }).map(String), fc.constantFrom("theory", "1e-1", "0.9@server", ""));
  const options = fc.record(
    { lr: amounts, momentum: amounts, peers: fc.nat().map(String), data: fc.string(), out: fc.string() },
    { requiredKeys: [], noNullPrototype: true },
  );
  fc.assert(
    fc.property(options, (said) => {
      assert.deepEqual(parsed(formatConfig(said)), said);
    }),
  );
});

const refusals: readonly [unknown, RegExp][] = [
  [{ rouns: 3 }, /^job\.json: rouns: expected a field that is an option: .*Did you mean rounds\?$/],
  [{ "eval-every": 3 }, /^job\.json: eval-every: .*Did you mean evalEvery\?$/],
  [{ toString: "x" }, /^job\.json: toString: expected a field/],
  [{ peers: "8" }, /^job\.json: peers: expected a whole number, got "\\"8\\""/],
  [{ peers: 8.5 }, /^job\.json: peers: expected a whole number, got "8\.5"/],
  [{ link: 20 }, /^job\.json: link: expected text, got "20"/],
  [{ until: null }, /^job\.json: until: expected text, got "null"/],
  [{ lr: true }, /^job\.json: lr: expected a number, or text, got "true"/],
  [{ faults: "x" }, /^job\.json: faults: expected an object/],
  [[], /^job\.json: expected an object such as/],
  [null, /^job\.json: expected an object/],
  [{ learningRate: 1, rateUnit: "plain" }, /^job\.json: expected the job\.json of a run that this version knows/],
  ["x".repeat(1 << 20), /^job\.json: expected at most 1048576 characters/],
];

for (const [file, message] of refusals) {
  test(`${JSON.stringify(file).slice(0, 60)} is refused by name`, () => {
    assert.throws(
      () => parsed(file),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
  });
}

test("text that is no JSON is refused with its place", () => {
  assert.throws(
    () => parseConfig('{"peers": 8,}', "job.json"),
    (error) => error instanceof ConfigError && /^job\.json: expected JSON, .*position/.test(error.message),
  );
});

test("any JSON gives options or a ConfigError", () => {
  const names = fc.oneof(fc.constantFrom("lr", "peers", "faults", "learningRate", "rateUnit", "momentum"), fc.string());
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.dictionary(names, fc.jsonValue()).map((file) => JSON.stringify(file)),
      ),
      (json) => {
        try {
          for (const value of Object.values(parseConfig(json, "job.json"))) assert.equal(typeof value, "string");
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
        }
      },
    ),
  );
});

test("the job file of the documentation is one", () => {
  const document = readFileSync(join(import.meta.dirname, "../../docs/operations.md"), "utf8");
  const [, json = assert.fail("no job file")] = /```json\n([\s\S]+?)```/.exec(document) ?? [];
  assert.equal(checkJob(parseConfig(json, "docs/operations.md")).peers, 8);
});
