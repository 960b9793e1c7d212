import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { seconds } from "../base/units.ts";
import { readExposition, sampleOf } from "./exposition.contract.ts";
import { checkJob } from "./job.ts";
import { RunMetrics } from "./metrics.ts";
import type { Progress, RunHeader } from "./result.ts";

const header: RunHeader = {
  job: checkJob({ data: 'csv:a "b"\\c.csv', rounds: "40" }),
  parameters: 650,
  trainRows: 100,
  testRows: 10,
  engine: "jax",
  uncompressedBytesPerRound: 50_000,
  warnings: [],
};

const progress = (round: number, more: Partial<Progress> = {}): Progress => ({
  round,
  seconds: round / 4,
  batchLoss: 0.5,
  bytesUp: 700 * round,
  bytesDown: 300 * round,
  encodeMs: 20,
  decodeMs: 10,
  gradientMs: 300,
  ...more,
});

/** A run on a clock that the test moves. */
function watched() {
  const clock = { ms: 5000 };
  const metrics = new RunMetrics(() => clock.ms);
  const value = (name: string, labels?: Record<string, string>) =>
    sampleOf(readExposition(metrics.text()), `thinwire_${name}`, labels);
  return { clock, metrics, value };
}

test("before the run has started only its silence is known", () => {
  const { clock, metrics, value } = watched();
  clock.ms += 1500;
  assert.deepEqual(
    [...readExposition(metrics.text()).keys()],
    ["thinwire_seconds_since_last_round", "thinwire_view_changes_total", "thinwire_trouble_total"],
  );
  assert.equal(value("seconds_since_last_round"), 1.5);
});

test("the totals of a round, what they save, and the names of what is trained", () => {
  const { metrics, value } = watched();
  metrics.started(header);
  metrics.progress(progress(8));
  assert.equal(value("rounds_total"), 8);
  assert.equal(value("rounds_planned"), 40);
  assert.equal(value("run_seconds_total"), 2);
  assert.equal(value("batch_loss"), 0.5);
  assert.equal(value("sent_bytes_total", { direction: "up" }), 5600);
  assert.equal(value("sent_bytes_total", { direction: "down" }), 2400);
  assert.equal(value("work_seconds_total", { kind: "encode" }), 0.02);
  assert.equal(value("work_seconds_total", { kind: "gradient" }), 0.3);
  assert.equal(value("compression_ratio"), 50);
  const { recipe, up, down, model, data } = header.job;
  assert.equal(value("run_info", { recipe, compressor: up, down, model, data, engine: "jax" }), 1);
});

test("the last evaluation stays until the next one, and a loss that is no number is told as such", () => {
  const { metrics, value } = watched();
  metrics.progress(progress(10, { metrics: { loss: 0.4, accuracy: 0.9, consensus: 1e-7 } }));
  metrics.progress(progress(11, { batchLoss: Number.NaN }));
  assert.deepEqual([value("test_loss"), value("test_accuracy"), value("consensus_distance")], [0.4, 0.9, 1e-7]);
  assert.equal(value("batch_loss"), undefined);
  metrics.progress(progress(20, { metrics: { loss: Number.NaN } }));
  assert.deepEqual([value("test_loss"), value("test_accuracy")], [Number.NaN, undefined]);
});

test("who trains, and what each has written; a large swarm is told as one", () => {
  const { metrics, value } = watched();
  const swarm = (members: number) => ({
    epoch: 3,
    members,
    undone: 2,
    bytesByPeer: () => new Map(Array.from({ length: members }, (_, id) => [id, 100 * id])),
  });
  metrics.progress(progress(1, { swarm: swarm(5) }));
  assert.deepEqual([value("view_epoch"), value("members"), value("rounds_undone_total")], [3, 5, 2]);
  assert.equal(value("peer_sent_bytes_total", { peer: "4" }), 400);
  metrics.regrouped();
  assert.equal(value("view_changes_total"), 1);
  metrics.progress(progress(2, { swarm: swarm(1001) }));
  assert.equal(value("members"), 1001);
  assert.equal(value("peer_sent_bytes_total", { peer: "4" }), undefined);
});

test("a run is healthy until no round has ended for too long, and again once one has", () => {
  const { clock, metrics } = watched();
  const status = () => metrics.health(seconds(60)).status;
  assert.equal(status(), "starting");
  clock.ms += 60_001;
  assert.equal(status(), "stalled");
  metrics.started(header);
  metrics.progress(progress(1, { metrics: { loss: 0.4, accuracy: 0.9 }, paramsHash: "83bb" }));
  metrics.trouble("the disk is full");
  clock.ms += 60_000;
  assert.deepEqual(metrics.health(seconds(60)), {
    status: "training",
    round: 1,
    rounds: 40,
    secondsSinceLastRound: 60,
    loss: 0.4,
    accuracy: 0.9,
    parameters: { round: 1, hash: "83bb" },
    trouble: ["the disk is full"],
  });
  clock.ms += 1;
  assert.equal(status(), "stalled");
});

test("the documentation names every metric, and no other", () => {
  const { metrics } = watched();
  metrics.started(header);
  const swarm = { epoch: 0, members: 1, undone: 0, bytesByPeer: () => new Map([[0, 1]]) };
  metrics.progress(progress(1, { swarm, metrics: { loss: 0.4, accuracy: 0.9, consensus: 0 } }));
  const document = readFileSync(join(import.meta.dirname, "../../docs/operations.md"), "utf8");
  const named = new Set([...document.matchAll(/`(thinwire_\w+)`/g)].map(([, name]) => name));
  assert.deepEqual([...named].sort(), [...readExposition(metrics.text()).keys()].sort());
});
