import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, seconds } from "../../base/units.ts";
import type { Benchmarks } from "../benchmarks.ts";
import { runCommandLine } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { FakeWorld, pretend } from "../testing/fake-world.ts";
import type { TorchTask } from "../torch.ts";
import type { WireBenchmarkOptions } from "../wire/benchmark.ts";

const row = {
  encodeGBs: 9,
  encodeWithFeedbackGBs: 4,
  decodeGBs: 8,
  decodeAddGBs: 7,
  twinEncodeGBs: 0.5,
  memcpyGBs: 12,
  ofMemcpy: { encode: 0.75, encodeWithFeedback: 0.33, decode: 0.67, decodeAdd: 0.58 },
  decodeOverEncode: 1.29,
  bitsPerEntry: 1,
};

function bench(...args: string[]) {
  const asked: { codecs?: object; models?: object; simulation?: object; wire?: object; torch?: readonly TorchTask[] } =
    {};
  const benchmarks: Benchmarks = {
    async codecs(options) {
      asked.codecs = options;
      const rows = ["identity", "sign", "top-k:0.01"].map((compressor) => ({ compressor, ...row }));
      return { engine: "simd", entries: 1000, rounds: 9, seed: 1, checksum: 7, memcpyGBs: 5, rows };
    },
    async models({ torchMs, ...options }) {
      asked.models = options;
      const told = await torchMs?.("mlp:512,128", 64, 100, { inputShape: [28, 28], classes: 10 });
      const base = { model: "mlp:512,128", engine: "ort", ms: 2.2, msMin: 2, checksum: 1 };
      return { rows: [{ ...base, ...(told === undefined ? {} : { torchMs: told }) }] };
    },
    async simulation(options) {
      asked.simulation = options;
      const more = { messages: 10, rounds: 5, bodyBytes: bytes(1000), seed: 1, virtualSeconds: seconds(1) };
      return {
        messagesPerSecond: 5,
        pattern: "star",
        checksum: 0,
        peers: 2,
        seconds: seconds(2),
        peakBytes: bytes(1e6),
        ...more,
      };
    },
    async wire(options) {
      asked.wire = options;
      const row = { system: "thinwire", recipe: "all-reduce", rounds: 100, msPerStep: 12.3, ledgerBytes: 5e6 } as const;
      const reached = { ...row, link: "none", reachedTargetAtSeconds: 1.23, extrapolated: false, bytes: 5.2e6 };
      const slow = { ...row, link: "5mbit", reachedTargetAtSeconds: 310, extrapolated: true, bytes: 5.2e6 };
      return { rows: [reached, slow, { ...slow, reachedTargetAtSeconds: null, extrapolated: false }] };
    },
    async torch(_python, tasks) {
      asked.torch = tasks;
      return tasks.map(() => 0.002);
    },
  };
  const world = new FakeWorld(pretend(), { benchmarks });
  return runCommandLine(["bench", ...args], world, "1.2.3").then((code) => ({ code, asked, world }));
}

test("codecs are measured as asked and shown in 80 columns", async () => {
  const { code, asked, world } = await bench("codecs", "sign", "--entries", "1000", "--repeats", "3");
  assert.equal(code, EXIT.done);
  assert.deepEqual(asked.codecs, { entries: 1000, rounds: 3, compressors: ["sign"] });
  assert.match(world.out.text, /^sign +9\.00 +0\.75 +0\.33 +0\.58 +1\.29 +1\.00$/m);
  for (const line of world.out.lines) assert.ok(line.length <= 80, line);
});

test("PyTorch is given the same work, where it has something of the kind", async () => {
  const { asked, world } = await bench("codecs", "--against", "torch", "--entries", "1000", "--json");
  assert.deepEqual(asked.torch, [
    { kind: "sign", scaled: true, entries: 1000, repeats: 9 },
    { kind: "top-k", entries: 1000, kept: 10, repeats: 9 },
  ]);
  const { rows }: { rows: { torchEncodeGBs?: number; timesTorch?: number }[] } = JSON.parse(world.out.text);
  assert.deepEqual(
    rows.map(({ torchEncodeGBs }) => torchEncodeGBs),
    [undefined, 4000 / 0.002 / 1e9, 4000 / 0.002 / 1e9],
  );
  assert.equal(rows[1]?.timesTorch, 9 / (4000 / 0.002 / 1e9));
});

test("beside PyTorch the table says how many times faster a compressor is", async () => {
  const { world } = await bench("codecs", "--against", "torch", "--entries", "1000");
  assert.match(world.out.text, /^sign .* 4500\.00x$/m);
  assert.match(world.out.text, /^identity .* – +–$/m);
  for (const line of world.out.lines) assert.ok(line.length <= 80, line);
});

test("models are compared with the same layers in PyTorch", async () => {
  const { asked, world } = await bench("models", "--against", "torch");
  assert.deepEqual(asked.torch, [{ kind: "mlp", widths: [784, 512, 128, 10], batch: 64, repeats: 100 }]);
  assert.match(world.out.text, /^mlp:512,128 +ort +2\.20 +2\.00 +2\.00 +1\.10x$/m);
});

test("the simulation's figures are printed", async () => {
  const { asked, world } = await bench("simulation", "--peers", "2", "--json");
  assert.deepEqual(asked.simulation, { pattern: "star", peers: 2, rounds: 500 });
  const { messagesPerSecond, peers, seconds: time, peakBytes } = JSON.parse(world.out.text);
  assert.deepEqual([messagesPerSecond, peers, time, peakBytes], [5, 2, 2, 1e6]);
});

test("a gossip is simulated with as many entries as asked, and a star has none", async () => {
  const { asked } = await bench("simulation", "--pattern", "gossip", "--peers", "20", "--entries", "30");
  assert.deepEqual(asked.simulation, { pattern: "gossip", peers: 20, rounds: 50, entries: 30 });
  for (const args of [
    ["--entries", "30"],
    ["--pattern", "ring"],
  ]) {
    const { code, asked } = await bench("simulation", ...args);
    assert.deepEqual([code, asked.simulation], [EXIT.usage, undefined]);
  }
});

test("links are measured as asked; what was not reached in time is marked", async () => {
  const shaped = ["--links", "none", "5mbit", "--hosts", "3", "--at-most", "2min", "--recipes", "all-reduce"];
  const { code, asked, world } = await bench("wire", "--data", "idx:mnist", ...shaped);
  assert.equal(code, EXIT.done);
  const { data, hosts, links, secondsMax, recipes, python, target } = asked.wire as WireBenchmarkOptions;
  assert.deepEqual(
    { data, hosts, secondsMax, recipes, python, target },
    {
      data: "idx:mnist",
      hosts: 3,
      secondsMax: 120,
      recipes: ["all-reduce"],
      python: undefined,
      target: 0.93,
    },
  );
  assert.deepEqual(links, [
    { name: "none", rate: undefined },
    { name: "5mbit", rate: 5e6 },
  ]);
  const seconds = world.out.text.split("\n").flatMap((line) => /12\.3 +(\S+)/.exec(line)?.[1] ?? []);
  assert.equal(seconds[0], "1.2");
  assert.equal(seconds[1], "~310.0");
  assert.equal(seconds.length, 3);
});

test("links without data, or of no rate, are refused", async () => {
  assert.equal((await bench("wire")).code, EXIT.usage);
  const { code, asked, world } = await bench("wire", "--data", "idx:mnist", "--links", "fast");
  assert.equal(code, EXIT.usage);
  assert.match(world.stderr.text, /--links/);
  assert.equal(asked.wire, undefined);
});
