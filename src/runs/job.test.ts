import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../base/errors.ts";
import { checkJob, formatLink, type JobOptions, optionsOf, parseLink } from "./job.ts";

test("a job without options is the digits on four peers", () => {
  const job = checkJob({});
  assert.equal(job.data, "digits");
  assert.equal(job.peers, 4);
  assert.equal(job.recipe, "double-squeeze");
  assert.deepEqual(job.momentum, { factor: 0.9, at: "worker" });
});

test("the options of a job give the job again", () => {
  const all: JobOptions[] = [
    {},
    { recipe: "sgd", momentum: "0.5", link: "20mbit", until: "accuracy=0.93", compute: "measured" },
    { faults: '{"groups":{"homes":{"peers":"1-3","link":"1mbit"}},"loss":0.1}' },
    { compressor: "sign", down: "top-k:0.05", server: "own", link: "10mbit/50mbit/40ms", until: "loss=0.1", seed: "7" },
    { recipe: "stc:steps=2", local: "norm, output" },
  ];
  for (const options of all) {
    const job = checkJob(options);
    assert.deepEqual(checkJob(optionsOf(job)), job);
  }
});

test("the options of a job give the job again for any link and any cost of a step", () => {
  const amounts = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 1e-9, max: 1e6, noNaN: true }));
  fc.assert(
    fc.property(amounts, amounts, amounts, amounts, (up, down, latency, compute) => {
      const job = checkJob({ link: `${up}kbit/${down}kbit/${latency}ms`, compute: `${compute}ms` });
      const again = checkJob(optionsOf(job));
      const near = (a: number, b: number) => Math.abs(a - b) <= 1e-14 * a;
      assert.ok(near(again.link!.up, job.link!.up) && near(again.link!.down, job.link!.down));
      assert.ok(near(again.link!.latency, job.link!.latency) && near(again.stepCost!, job.stepCost!));
    }),
  );
  for (let ms = 1; ms < 500; ms++) {
    const job = checkJob({ link: `20mbit/${ms}ms`, compute: `${ms}ms` });
    assert.deepEqual(checkJob(optionsOf(job)), job);
  }
});

test("where momentum sits is the recipe's default unless it is said", () => {
  assert.equal(checkJob({ recipe: "sgd" }).momentum.at, "server");
  assert.equal(checkJob({ recipe: "double-squeeze" }).momentum.at, "worker");
  assert.equal(checkJob({ recipe: "double-squeeze", momentum: "0.9@server" }).momentum.at, "server");
});

test("the compressor of the way down is that of the way up unless it is said", () => {
  assert.equal(checkJob({ compressor: "sign" }).down, "sign");
  assert.equal(checkJob({ compressor: "sign", down: "top-k:0.01" }).down, "top-k:0.01");
});

test("links are read as up, down and one-way latency, and written back", () => {
  assert.deepEqual(parseLink("20mbit"), { up: 20e6, down: 20e6, latency: 0 });
  assert.deepEqual(parseLink("20mbit/30ms"), { up: 20e6, down: 20e6, latency: 0.03 });
  assert.deepEqual(parseLink("10mbit/50mbit/40ms"), { up: 10e6, down: 50e6, latency: 0.04 });
  for (const text of ["20mbit", "20mbit/30ms", "10mbit/50mbit/40ms", "512kbit"]) {
    assert.equal(formatLink(parseLink(text)), text);
  }
});

const refusals: readonly [JobOptions, RegExp][] = [
  [{ recipe: "double-sqeeze" }, /--recipe: expected .*double-squeeze.*Did you mean double-squeeze\?/],
  [{ compressor: "topk:0.01" }, /--compressor: .*Did you mean top-k\?/],
  [{ recipe: "sgd", compressor: "top-k:0.01" }, /--compressor: .*Try --recipe double-squeeze/],
  [{ recipe: "qsgd-all-gather", down: "sign" }, /--down: expected no --down .*sends nothing back/],
  [{ momentum: "1" }, /--momentum: expected a number at least 0 and below 1, got "1"/],
  [{ momentum: "0.9@middle" }, /--momentum: .*worker, server/],
  [{ peers: "0" }, /--peers: expected a whole number at least 1.*The nearest valid value is 1\./],
  [{ peers: "four" }, /--peers/],
  [{ lr: "0" }, /--lr: expected a number above 0/],
  [{ lr: "NaN" }, /--lr/],
  [{ until: "acc=0.9" }, /--until: expected one of: accuracy, loss, got "acc"/],
  [{ until: "accuracy" }, /--until: expected accuracy=0.95 or loss=0.1/],
  [{ until: "accuracy=1.5" }, /--until/],
  [{ link: "20" }, /--link: expected a rate/],
  [{ link: "0mbit" }, /--link: expected a rate above 0/],
  [{ link: "1mbit/2mbit/3mbit/4ms" }, /--link/],
  [{ compute: "fast" }, /--compute: expected a duration/],
  [{ engine: "gpu" }, /--engine/],
  [{ seed: "-1" }, /--seed/],
];

for (const [options, message] of refusals) {
  test(`${JSON.stringify(options)} is refused by name`, () => {
    assert.throws(
      () => checkJob(options),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
  });
}

test("a job of a recipe that sends nothing back goes on from its own options", () => {
  const job = checkJob({ recipe: "qsgd-all-gather" });
  assert.deepEqual(checkJob(optionsOf(job)), job);
});
