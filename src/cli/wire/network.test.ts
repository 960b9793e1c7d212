import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { ConfigError } from "../../base/errors.ts";
import { megabitsPerSecond } from "../../base/units.ts";
import { INTERFACE, WireNetwork } from "./network.ts";

const isRoot = process.getuid?.() === 0;
/** A container may have root and the tools, and no right to use them. */
const mayBuild =
  isRoot && spawnSync("tc", ["-V"]).status === 0 && spawnSync("unshare", ["--net", "--mount", "true"]).status === 0;
const NAME = `tt${process.pid % 100_000}`;

const shown = (...args: string[]): string => execFileSync("ip", args, { encoding: "utf8" });

test("hosts reach each other over shaped links whose bytes are counted, and nothing of them stays", {
  skip: !mayBuild && "it needs root, ip and tc",
}, async () => {
  const network = await WireNetwork.open(2, NAME);
  try {
    await network.shape(megabitsPerSecond(50));
    const [program, args] = network.on(0, ["tc", "qdisc", "show", "dev", INTERFACE]);
    assert.match(execFileSync(program, args, { encoding: "utf8" }), /tbf .*rate 50Mbit/);
    const before = await network.bytes();
    assert.equal(spawnSync(...network.on(1, ["node", "-e", SENDS, network.address(0)])).status, 0);
    assert.ok((await network.bytes()) - before >= 1000);
    await network.shape(undefined);
    assert.doesNotMatch(execFileSync(program, args, { encoding: "utf8" }), /tbf/);
  } finally {
    await network.close();
  }
  assert.ok(!`${shown("netns", "list")}${shown("link")}`.includes(NAME));
});

/** One datagram of 1000 bytes; whether anybody hears it does not matter. */
const SENDS = `
const socket = require("node:dgram").createSocket("udp4");
socket.send(Buffer.alloc(1000), 9, process.argv[1], () => socket.close());`;

test("whoever is not root is refused in one line", { skip: isRoot && "this is root" }, async () => {
  await assert.rejects(
    WireNetwork.open(2, NAME),
    (error) => error instanceof ConfigError && /root/.test(error.message),
  );
});
