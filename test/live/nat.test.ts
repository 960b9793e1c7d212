/**
 * Members at home behind routers that let nobody in, those of the kernel, and one on a public address that relays.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Homes, type Hosts, whyNoHomes } from "./homes.ts";
import { Member, temporaryPlace, ticketOf } from "./member.ts";

const skip = (await whyNoHomes()) ?? false;

const ROUNDS = 150;
const JOB = ["--model", "softmax", "--recipe", "all-reduce-sgd", "--rounds", `${ROUNDS}`];
const LOG = ["--log", "json", "--json"];

/** What a relay of libp2p passes on before it cuts the link, unless told otherwise. */
const DEFAULT_LIMIT = 128 * 1024;

/** `public-0` serves and relays; each home joins through it, each other public host without. @returns once all have ended */
async function train(t: TestContext, hosts: Hosts): Promise<Homes> {
  const homes = await Homes.open(t, hosts);
  const at = await temporaryPlace(t);
  const member = (host: string, args: readonly string[]) =>
    new Member(at, host, [...args, "--out", host, ...LOG], {}, homes.on(host));
  const all = hosts.public + hosts.homes;
  const open = (host: string) => ["--listen", "0.0.0.0:9000", "--announce", `${homes.address(host)}:9000`];
  const size = ["--peers", `${all}`, "--wait-for", `${all}`];
  const server = member("public-0", ["serve", ...JOB, ...size, "--relay", ...open("public-0")]);
  const ticket = await ticketOf(server);
  const members = [server];
  for (let home = 0; home < hosts.homes; home++) {
    members.push(member(`home-${home}`, ["join", ticket, "--through", "ticket"]));
  }
  for (let host = 1; host < hosts.public; host++) {
    members.push(member(`public-${host}`, ["join", ticket, ...open(`public-${host}`)]));
  }
  const results = await Promise.all(members.map((one) => one.result(0)));
  for (const { rounds, paramsHash } of results) {
    assert.deepEqual([rounds, paramsHash], [ROUNDS, results[0]!.paramsHash]);
  }
  for (const { lines, name } of members) {
    const lost = lines.filter(({ level }) => level !== "info").map(({ message }) => message);
    assert.deepEqual(lost, [], `${name} lost somebody`);
  }
  return homes;
}

test("two at home, behind routers that keep ports, punch a hole and train without the relay between them", {
  skip,
}, async (t) => {
  const homes = await train(t, { public: 1, homes: 2, ports: "kept" });
  for (const [one, other] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const sent = await homes.sent(one, `home-${other}`);
    assert.ok(sent > DEFAULT_LIMIT, `only ${sent} bytes went straight from home ${one} to home ${other}`);
  }
});

test("two at home, behind routers that draw ports at random, train through the relay", { skip }, async (t) => {
  const homes = await train(t, { public: 1, homes: 2, ports: "random" });
  for (const [one, other] of [
    [0, 1],
    [1, 0],
  ] as const) {
    assert.equal(await homes.sent(one, `home-${other}`), 0);
    const sent = await homes.sent(one, "public-0");
    assert.ok(sent > 3 * DEFAULT_LIMIT, `only ${sent} bytes went from home ${one} to the relay`);
  }
});

test("one at home calls back one on a public address, whatever its router does", { skip }, async (t) => {
  const homes = await train(t, { public: 2, homes: 1, ports: "random" });
  const sent = await homes.sent(0, "public-1");
  assert.ok(sent > DEFAULT_LIMIT, `only ${sent} bytes went straight from home to the public host`);
});
