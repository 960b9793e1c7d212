import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../base/errors.ts";
import { type Faults, parseFaults } from "./faults.ts";

const full: Faults = {
  groups: {
    homes: { peers: "1-3,7", link: "10mbit/50mbit/40ms", slowdown: 4, compute: "lognormal:0.3" },
    cloud: { peers: "0" },
  },
  latency: { "homes/cloud": "80ms", "homes/homes": "10ms" },
  jitter: "exponential",
  loss: 0.01,
  corrupt: 0.001,
  duplicate: 0.5,
  reorder: "0.05:200ms",
  retransmit: false,
  compute: "shifted-exponential:0.4",
  stragglers: "0.1:5x",
  partitions: [{ cut: ["homes"], at: "10s", for: "5s" }],
  crashes: [
    { peer: 3, at: "2s" },
    { peer: 4, at: "2s", for: "1s" },
  ],
  churn: { online: "1h", offline: "5min", law: "weibull:0.5", graceful: 0.3 },
  detection: "2s",
};

test("what is read is what was written", () => {
  assert.deepEqual(parseFaults(JSON.stringify(full), "--faults"), full);
  assert.deepEqual(parseFaults("{}", "--faults"), {});
});

test("an error names the field", () => {
  const wrong: readonly (readonly [object, where: RegExp, message: RegExp])[] = [
    [{ los: 0.1 }, /^--faults$/, /Did you mean loss/],
    [{ loss: 1 }, /^--faults\.loss$/, /below 1/],
    [{ loss: "0.1" }, /^--faults\.loss$/, /a number/],
    [{ jitter: "gauss:1" }, /^--faults\.jitter$/, /lognormal/],
    [{ retransmit: 1 }, /^--faults\.retransmit$/, /true or false/],
    [{ groups: [] }, /^--faults\.groups$/, /an object/],
    [{ groups: { a: {} } }, /^--faults\.groups\.a$/, /the field peers/],
    [{ groups: { a: { peers: "3-1" } } }, /^--faults\.groups\.a\.peers$/, /at least 3/],
    [{ groups: { a: { peers: "1", link: "fast" } } }, /^--faults\.groups\.a\.link$/, /a rate/],
    [{ groups: { a: { peers: "1-4" }, b: { peers: "4" } } }, /^--faults\.groups\.b\.peers$/, /in a too/],
    [{ groups: { eu: { peers: "1" } }, latency: { "eu/us": "1s" } }, /^--faults\.latency\.eu\/us$/, /a group: eu/],
    [{ latency: { eu: "soon" } }, /^--faults\.latency\.eu$/, /a duration/],
    [{ partitions: [{ cut: ["eu"], at: "1s", for: "1s" }] }, /^--faults\.partitions\[0\]\.cut$/, /a group/],
    [{ partitions: [{ cut: [], at: "1s" }] }, /^--faults\.partitions\[0\]$/, /the field for/],
    [{ crashes: [{ peer: 0.5, at: "1s" }] }, /^--faults\.crashes\[0\]\.peer$/, /a whole number/],
    [{ churn: { online: "1h", offline: "1h", law: "pareto:1" } }, /^--faults\.churn\.law$/, /finite mean/],
    [{ stragglers: "5x" }, /^--faults\.stragglers$/, /0\.1:5x/],
    [{ loss: 0.6, duplicate: 0.6 }, /^--faults$/, /at most 1/],
  ];
  for (const [faults, where, message] of wrong) {
    assert.throws(
      () => parseFaults(JSON.stringify(faults), "--faults"),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.where, where);
        assert.match(error.message, message);
        return true;
      },
    );
  }
  assert.throws(() => parseFaults("{", "--faults"), ConfigError);
});
