import assert from "node:assert/strict";
import { test } from "node:test";
import { type LiveOptions, readLiveCheckpoints, readNetwork } from "./live-options.ts";

const network = (options: LiveOptions) => readNetwork(options, "0.0.0.0:9000");

test("addresses may be IP:PORT, a port, a name to announce, or multiaddrs", () => {
  assert.deepEqual(network({}).listen, ["/ip4/0.0.0.0/tcp/9000"]);
  assert.deepEqual(network({ listen: ["9001", "[::]:9002", "/ip4/127.0.0.1/tcp/0/ws"] }).listen, [
    "/ip4/0.0.0.0/tcp/9001",
    "/ip6/::/tcp/9002",
    "/ip4/127.0.0.1/tcp/0/ws",
  ]);
  assert.deepEqual(network({ announce: ["home.example.org:9000", "192.0.2.7:80"] }).announce, [
    "/dns/home.example.org/tcp/9000",
    "/ip4/192.0.2.7/tcp/80",
  ]);
});

test("what is no address, time or choice is refused by the name of its option", () => {
  for (const [options, where] of [
    [{ listen: ["here.example.org:9000"] }, /^--listen: /],
    [{ listen: ["nowhere"] }, /^--listen: /],
    [{ announce: ["home.example.org"] }, /^--announce: /],
    [{ lostAfter: "100ms" }, /^--lost-after: /],
    [{ minority: "hope" }, /^--minority: /],
  ] as const) {
    assert.throws(() => network(options), { code: "config", message: where });
  }
});

test("checkpoints are due by rounds or by time", () => {
  assert.deepEqual(readLiveCheckpoints({}), { checkpointEvery: 0, checkpointSeconds: 60, keepCheckpoints: 2 });
  assert.deepEqual(readLiveCheckpoints({ checkpointEvery: "100" }), {
    checkpointEvery: 100,
    checkpointSeconds: 0,
    keepCheckpoints: 2,
  });
  assert.deepEqual(readLiveCheckpoints({ checkpointEvery: "30s" }), {
    checkpointEvery: 0,
    checkpointSeconds: 30,
    keepCheckpoints: 2,
  });
  assert.throws(() => readLiveCheckpoints({ checkpointEvery: "often" }), { code: "config" });
});
