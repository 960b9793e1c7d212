import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seconds } from "../../base/units.ts";
import { placeOf, RateLimit } from "./rate-limit.ts";

test("in any minute at most twice the rate passes, and at any time the rate alone at once", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(9), { maxLength: 300 }), (perMinute, waits) => {
      const rate = new RateLimit(perMinute);
      let now = 0;
      const passed: number[] = [];
      for (const wait of waits) {
        now += wait;
        if (rate.take("a", seconds(now))) passed.push(now);
      }
      for (const start of passed) {
        assert.ok(passed.filter((at) => at === start).length <= perMinute);
        assert.ok(passed.filter((at) => at >= start && at < start + 60).length <= 2 * perMinute);
      }
    }),
  );
});

test("whoever was too eager may try again a little later, even if the clock was set back", () => {
  const rate = new RateLimit(2);
  const takes = (at: number) => rate.take("a", seconds(at));
  assert.deepEqual([takes(100), takes(100), takes(100), takes(131), takes(131)], [true, true, false, true, false]);
  assert.deepEqual([takes(10), takes(41)], [false, true]);
  assert.ok(rate.take("b", seconds(41)), "one place does not pay for another");
});

test("a welcome attempt does not count", () => {
  const rate = new RateLimit(1);
  for (let i = 0; i < 5; i++) {
    assert.ok(rate.take("a", seconds(0)));
    rate.giveBack("a", seconds(0));
  }
});

test("a flood from everywhere takes bounded memory", () => {
  const rate = new RateLimit(5);
  for (let i = 0; i < 20_000; i++) rate.take(String(i), seconds(i / 1000));
  assert.equal(rate.places, 4096);
});

test("a place is a host, and of IPv6 a network", () => {
  assert.equal(placeOf("/ip4/192.0.2.7/tcp/4001"), "192.0.2.7");
  assert.equal(placeOf("/ip4/192.0.2.7/udp/9/p2p/12D3KooWKnDdG3iXw9eTFijk3EWSunZcFi54Zka4wmtqtt6rPxc8"), "192.0.2.7");
  const network = placeOf("/ip6/2001:db8:1:2:3:4:5:6/tcp/1");
  assert.equal(network, "2001:db8:1:2");
  assert.equal(placeOf("/ip6/2001:db8:1:2::9/tcp/1"), network);
  assert.notEqual(placeOf("/ip6/2001:db8:1:3::9/tcp/1"), network);
  assert.equal(placeOf("/ip6/::1/tcp/1"), "0:0:0:0");
  assert.equal(placeOf("/ip6/2001::/tcp/1"), "2001:0:0:0");
  assert.equal(placeOf("not an address"), "elsewhere");
});
