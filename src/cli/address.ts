/**
 * Addresses to listen on.
 */
import { ConfigError } from "../base/errors.ts";
import { parseNumber } from "../base/spec.ts";

export interface MonitorAddress {
  /** IPv6 without brackets. */
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
}

/** `127.0.0.1:9464`, `[::1]:9464`, or a port alone, which is one of the loopback. @throws {ConfigError} */
export function parseAddress(text: string, where: string): MonitorAddress {
  const [, bracketed, plain, port] = /^(?:(?:\[([\da-f:.]+)\]|([\w.-]+)):)?(\d{1,5})$/i.exec(text.trim()) ?? [];
  if (port === undefined) {
    throw new ConfigError(where, { expected: "HOST:PORT, such as 127.0.0.1:9464, or a port", got: text });
  }
  const host = bracketed ?? plain ?? "127.0.0.1";
  return { host, port: parseNumber(port, where, { integer: true, min: 0, max: 65_535 }) };
}
