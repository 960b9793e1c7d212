import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../base/errors.ts";
import { parseAddress } from "./address.ts";

test("addresses name a host and a port, or a port of the loopback", () => {
  assert.deepEqual(parseAddress("127.0.0.1:9464", "--metrics"), { host: "127.0.0.1", port: 9464 });
  assert.deepEqual(parseAddress("9464", "--metrics"), { host: "127.0.0.1", port: 9464 });
  assert.deepEqual(parseAddress("[::1]:0", "--metrics"), { host: "::1", port: 0 });
  assert.deepEqual(parseAddress("metrics.local:80", "--metrics"), { host: "metrics.local", port: 80 });
  for (const text of ["", "localhost", ":9464", "::1:9464", "a:b", "a:70000", "http://a:1", "a:1/x"]) {
    assert.throws(
      () => parseAddress(text, "--metrics"),
      (error) => error instanceof ConfigError && error.where === "--metrics",
      text,
    );
  }
});
