import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { ConfigError } from "../base/errors.ts";
import { type MonitorLimits, openMonitor, type Page, type Pages } from "./monitor-server.ts";

const pages: Pages = new Map<string, () => Page>([
  ["/metrics", () => ({ status: 200, type: "text/plain; version=0.0.4", body: "up 1\n" })],
  ["/healthz", () => ({ status: 503, type: "application/json", body: '{"status":"stalled"}\n' })],
]);

async function opened(t: TestContext, limits?: MonitorLimits) {
  const monitor = await openMonitor({ host: "127.0.0.1", port: 0 }, pages, limits);
  t.after(() => monitor.close());
  return monitor;
}

/** Sends text as it is, and gives all that comes until the server closes the connection. */
async function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  let answer = "";
  socket.setEncoding("latin1").on("data", (piece: string) => {
    answer += piece;
  });
  socket.write(text);
  await once(socket, "close");
  return answer;
}

test("each page is answered by GET and HEAD, with its own status and type", async (t) => {
  const { url } = await opened(t);
  const metrics = await fetch(`${url}/metrics?x=1`);
  assert.deepEqual([metrics.status, await metrics.text()], [200, "up 1\n"]);
  assert.equal(metrics.headers.get("content-type"), "text/plain; version=0.0.4");
  assert.equal(metrics.headers.get("cache-control"), "no-store");
  const health = await fetch(`${url}/healthz`);
  assert.deepEqual([health.status, await health.json()], [503, { status: "stalled" }]);
  const head = await fetch(`${url}/metrics`, { method: "HEAD" });
  assert.deepEqual([head.status, head.headers.get("content-length"), await head.text()], [200, "5", ""]);
});

test("other paths, other methods and bodies are refused", async (t) => {
  const { url } = await opened(t);
  assert.equal((await fetch(`${url}/`)).status, 404);
  assert.equal((await fetch(`${url}/metrics/`)).status, 404);
  const put = await fetch(`${url}/metrics`, { method: "PUT" });
  assert.deepEqual([put.status, put.headers.get("allow")], [405, "GET, HEAD"]);
  assert.match(
    await raw(url, "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"),
    /^HTTP\/1\.1 413 /,
  );
  assert.match(
    await raw(url, "GET /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
    /^HTTP\/1\.1 413 /,
  );
});

test("headers that are too long, or no HTTP at all, end the connection", async (t) => {
  const { url } = await opened(t);
  assert.match(
    await raw(url, `GET /metrics HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(5000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  );
  assert.match(await raw(url, "\u0016\u0003\u0001 hello\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.equal((await fetch(`${url}/metrics`)).status, 200);
});

test("a client that does not finish its request is cut off", async (t) => {
  const { url } = await opened(t, { connections: 4, headerBytes: 4096, requestMs: 50 });
  assert.match(await raw(url, "GET /metrics HTTP/1.1\r\nHost:"), /^(HTTP\/1\.1 408 |$)/);
});

test("more connections than the limit are closed at once", async (t) => {
  const { url } = await opened(t, { connections: 1, headerBytes: 4096, requestMs: 60_000 });
  const { hostname, port } = new URL(url);
  const first = connect(Number(port), hostname);
  await once(first, "connect");
  const second = connect(Number(port), hostname);
  second.on("error", () => {});
  await once(second, "close");
  assert.equal(first.destroyed, false);
  first.destroy();
});

test("an address that is taken is refused by the option's name", async (t) => {
  const { url } = await opened(t);
  const taken = { host: "127.0.0.1", port: Number(new URL(url).port) };
  await assert.rejects(
    openMonitor(taken, pages),
    (error) => error instanceof ConfigError && error.where === "--metrics",
  );
});

test("after closing nobody listens, and whoever was connected is cut off", async (t) => {
  const monitor = await opened(t);
  const { hostname, port } = new URL(monitor.url);
  const idle = connect(Number(port), hostname);
  await once(idle, "connect");
  const gone = once(idle.resume(), "close");
  await monitor.close();
  await gone;
  await assert.rejects(fetch(`${monitor.url}/metrics`));
});
