/**
 * Counts what crosses the sockets of a node: libp2p shows each connection to its metrics before it is encrypted, and that
 * is all that these metrics look at. Whatever else is to be done to a connection is done here as well.
 */
import type { Metrics, MultiaddrConnection } from "@libp2p/interface";
import { writeWhole } from "./whole-writes.ts";
import { YoungGarbage } from "./young-garbage.ts";

export interface CountedBytes {
  sent: number;
  received: number;
}

const nothing = () => {};

/** Takes any measurement and keeps none. */
const silent = {
  update: nothing,
  increment: nothing,
  decrement: nothing,
  reset: nothing,
  observe: nothing,
  timer: () => nothing,
};

const register = () => silent;

/** Metrics that add to `totals` and to nothing else. */
export const countBytes = (totals: CountedBytes, garbage: YoungGarbage = new YoungGarbage()): Metrics => ({
  trackMultiaddrConnection: (connection) => track(connection, totals, garbage),
  trackProtocolStream: nothing,
  registerMetric: register,
  registerMetricGroup: register,
  registerCounter: register,
  registerCounterGroup: register,
  registerHistogram: register,
  registerHistogramGroup: register,
  registerSummary: register,
  registerSummaryGroup: register,
  traceFunction: <F>(_name: string, traced: F): F => traced,
  createTrace: nothing,
});

/** What every connection of a socket has beside its interface: the method that the socket's data goes to. */
interface Fed {
  onData(data: Uint8Array): void;
}

/**
 * A listener for its messages would not do: while one is there data is handed out, to it alone if the protocols above it
 * change hands just then.
 */
function track(connection: MultiaddrConnection, totals: CountedBytes, garbage: YoungGarbage): void {
  if (connection.remoteAddr.getComponents().some(({ name }) => name === "p2p-circuit")) return; // counted below
  writeWhole(connection);
  const fed: MultiaddrConnection & Partial<Fed> = connection;
  const send = connection.send.bind(connection);
  connection.send = (data) => {
    totals.sent += data.byteLength;
    garbage.crossed(data.byteLength);
    return send(data);
  };
  const onData = fed.onData?.bind(fed);
  if (onData === undefined) return;
  fed.onData = (data) => {
    totals.received += data.byteLength;
    garbage.crossed(data.byteLength);
    onData(data);
  };
}
