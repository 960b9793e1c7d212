/**
 * So many attempts a minute from one place. Memory is bounded: the places that were heard of longest ago are forgotten.
 */
import { multiaddr } from "@multiformats/multiaddr";
import type { Seconds } from "../../base/units.ts";

const MINUTE = 60;
const MAX_PLACES = 4096;

/** A bucket of tokens per place, filled evenly over a minute. */
export class RateLimit {
  readonly #perMinute: number;
  /** The least recently used first. */
  readonly #buckets: Map<string, { readonly left: number; readonly at: Seconds }> = new Map();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Counts an attempt; false if it is one too many. @param now on any clock */
  take(place: string, now: Seconds): boolean {
    const left = this.#left(place, now);
    this.#set(place, left < 1 ? left : left - 1, now);
    return left >= 1;
  }

  /** Takes back the count of an attempt that was welcome. */
  giveBack(place: string, now: Seconds): void {
    this.#set(place, Math.min(this.#perMinute, this.#left(place, now) + 1), now);
  }

  get places(): number {
    return this.#buckets.size;
  }

  #left(place: string, now: Seconds): number {
    const { left, at } = this.#buckets.get(place) ?? { left: this.#perMinute, at: now };
    const passed = Math.max(0, now - at); // a wall clock may be set back
    return Math.min(this.#perMinute, left + (passed * this.#perMinute) / MINUTE);
  }

  #set(place: string, left: number, at: Seconds): void {
    this.#buckets.delete(place);
    this.#buckets.set(place, { left, at });
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= MAX_PLACES) break;
      this.#buckets.delete(oldest);
    }
  }
}

/**
 * Where an attempt comes from: the host of a multiaddr, and of IPv6 the first 64 bits, for whoever has one such address
 * has 2⁶⁴. All that comes through one relay comes from one place. Text that is no multiaddr is one place too.
 */
export function placeOf(address: string): string {
  try {
    const [host] = multiaddr(address).getComponents();
    if (host?.value === undefined) return "elsewhere";
    return host.name === "ip6" ? network64(host.value) : host.value;
  } catch {
    return "elsewhere";
  }
}

/** The first 64 bits of an IPv6 address; of an IPv4 address in the guise of one, that address. */
function network64(ip6: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip6)?.[1];
  if (mapped !== undefined) return mapped;
  const [front = "", back] = ip6.toLowerCase().split("::");
  const groups = front === "" ? [] : front.split(":");
  const skipped = back === undefined ? 0 : 8 - groups.length - (back === "" ? 0 : back.split(":").length);
  const rest = back === undefined || back === "" ? [] : back.split(":");
  return [...groups, ...Array.from({ length: skipped }, () => "0"), ...rest].slice(0, 4).join(":");
}
