/**
 * The wire of one peer: a shaped port up, a shaped port down, and the way to the others.
 */
import { ConfigError } from "../base/errors.ts";
import { type BitsPerSecond, bitsPerSecond, parseDuration, parseRate, type Seconds, seconds } from "../base/units.ts";
import type { PeerId } from "../ports/view.ts";

export interface Link {
  readonly up: BitsPerSecond;
  readonly down: BitsPerSecond;
  /** One way between two peers with this link; between unlike links the mean of the two. */
  readonly latency: Seconds;
}

/** Infinite rates and no latency: mail arrives in the instant in which it is sent. */
export const unlimited: Link = {
  up: bitsPerSecond(Number.POSITIVE_INFINITY),
  down: bitsPerSecond(Number.POSITIVE_INFINITY),
  latency: seconds(0),
};

/** The same rate in both directions. */
export const symmetric = (rate: BitsPerSecond, latency: Seconds = seconds(0)): Link => ({
  up: rate,
  down: rate,
  latency,
});

export const latencyBetween = (a: Link, b: Link): Seconds => seconds((a.latency + b.latency) / 2);

/** @throws {ConfigError} */
export function checkLink(link: Link, id: PeerId): Link {
  for (const direction of ["up", "down"] as const) {
    if (!(link[direction] > 0)) {
      throw new ConfigError(`link of peer ${id}: ${direction}`, { expected: "a rate above 0", got: link[direction] });
    }
  }
  if (!(link.latency >= 0 && link.latency < Number.POSITIVE_INFINITY)) {
    throw new ConfigError(`link of peer ${id}: latency`, { expected: "a finite time from 0", got: link.latency });
  }
  return link;
}

/** `20mbit`, `20mbit/30ms`, or `10mbit/50mbit/40ms`: up, down (the same if left out), one-way latency (0 if left out). */
export function parseLink(text: string, where = "--link"): Link {
  const parts = text.split("/");
  const latency = parts.length > 1 && !/bit$/i.test(parts.at(-1)!.trim()) ? parts.pop() : undefined;
  const [up, down = up, ...rest] = parts;
  if (up === undefined || down === undefined || rest.length > 0) {
    throw new ConfigError(where, { expected: "UP, UP/LATENCY or UP/DOWN/LATENCY, such as 20mbit/30ms", got: text });
  }
  return {
    up: parseRate(up, where),
    down: parseRate(down, where),
    latency: latency === undefined ? seconds(0) : parseDuration(latency, where),
  };
}
