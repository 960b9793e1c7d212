/**
 * The small server that others watch a run through: `/metrics` for Prometheus, `/healthz` for whatever restarts what hangs.
 * It only answers, in plain HTTP: whoever can reach its address can read, so that address is a loopback one unless the user
 * says otherwise. A client that is slow, sends a body or opens many connections is cut off.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { ConfigError } from "../base/errors.ts";
import type { MonitorAddress } from "./address.ts";

export interface Page {
  readonly status: 200 | 503;
  readonly type: string;
  readonly body: string;
}

/** By path. */
export type Pages = ReadonlyMap<string, () => Page>;

export interface Monitor {
  /** `http://127.0.0.1:9464` */
  readonly url: string;
  /** Cuts off whoever is still connected. */
  close(): Promise<void>;
}

export interface MonitorLimits {
  readonly connections: number;
  /** Of a request line and its headers. */
  readonly headerBytes: number;
  /** For a whole request, and for whoever takes no bytes of the answer. */
  readonly requestMs: number;
}

const LIMITS: MonitorLimits = { connections: 32, headerBytes: 4096, requestMs: 5000 };

/** @throws {ConfigError} if the address cannot be listened on */
export async function openMonitor(
  address: MonitorAddress,
  pages: Pages,
  limits: MonitorLimits = LIMITS,
): Promise<Monitor> {
  const { connections, headerBytes, requestMs } = limits;
  const server = createServer(
    {
      maxHeaderSize: headerBytes,
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      keepAliveTimeout: requestMs,
      connectionsCheckingInterval: Math.ceil(requestMs / 5),
    },
    (request, response) => send(response, answerTo(request, pages), request.method !== "HEAD"),
  );
  server.maxConnections = connections;
  server.timeout = requestMs;
  await listening(server, address);
  server.unref(); // a run that is over does not wait for its watchers
  const at = server.address();
  const port = typeof at === "object" && at !== null ? at.port : address.port;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return { url: `http://${host}:${port}`, close: () => closed(server) };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function answerTo({ method, url = "", headers }: IncomingMessage, pages: Pages): Answer {
  const refusal = (status: number, why: string, more: Record<string, string> = {}): Answer => ({
    status,
    type: "text/plain; charset=utf-8",
    body: `${why}\n`,
    headers: { Connection: "close", ...more },
  });
  if (method !== "GET" && method !== "HEAD") return refusal(405, "GET and HEAD only", { Allow: "GET, HEAD" });
  if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0) {
    return refusal(413, "no body is read");
  }
  const page = pages.get(url.replace(/\?.*$/s, ""));
  return page?.() ?? refusal(404, `only ${[...pages.keys()].join(" and ")} are here`);
}

function send(response: ServerResponse, { status, type, body, headers }: Answer, withBody: boolean): void {
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  response.end(withBody ? body : undefined);
}

const listening = (server: Server, { host, port }: MonitorAddress): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", (cause: Error & { code?: string }) => {
      const expected = "an address of this machine that is free to listen on";
      reject(new ConfigError("--metrics", { expected, got: `${host}:${port}`, hint: cause.code ?? "", cause }));
    });
    server.listen({ host, port, exclusive: true }, resolve);
  });

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
