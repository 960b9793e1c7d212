import assert from "node:assert/strict";
import { test } from "node:test";
import { multiaddrOf } from "./addresses.ts";
import { reachOf } from "./reach.ts";

const REACHES = {
  anywhere: ["/ip4/5.1.1.1", "/ip4/172.32.0.1", "/ip4/100.128.0.1", "/ip6/2001:db8::1", "/ip6/::ffff:5.1.1.1"],
  house: ["/ip4/10.0.0.1", "/ip4/100.64.0.1", "/ip4/172.31.255.255", "/ip4/192.168.1.1", "/ip6/fd00::1"],
  machine: ["/ip4/127.0.0.1", "/ip4/127.1.2.3", "/ip4/0.0.0.0", "/ip6/::1", "/ip6/::", "/ip6/::ffff:127.0.0.1"],
  undefined: [
    "/ip4/169.254.169.254",
    "/ip4/224.0.0.1",
    "/ip4/255.255.255.255",
    "/ip6/fe80::1",
    "/ip6/ff02::1",
    "/dns4/a.org",
  ],
};

test("an address reaches as far as it means the same machine", () => {
  for (const [reach, addresses] of Object.entries(REACHES)) {
    for (const address of addresses) assert.equal(`${reachOf(multiaddrOf(`${address}/tcp/1`))}`, reach, address);
  }
  assert.equal(reachOf(multiaddrOf("/ip6/::ffff:10.0.0.1/tcp/1")), "house");
  assert.equal(reachOf(multiaddrOf("/ip6/::ffff:169.254.169.254/tcp/1")), undefined);
});
