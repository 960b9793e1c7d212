/**
 * Multiaddrs as text, checked where they come in.
 */
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { ConfigError } from "../../base/errors.ts";

/** @throws {ConfigError} */
export function multiaddrOf(text: string): Multiaddr {
  try {
    return multiaddr(text);
  } catch (cause) {
    throw new ConfigError("address", {
      expected: "a multiaddr such as /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW...",
      got: text,
      cause,
    });
  }
}

/** Those of the addresses that are multiaddrs and end at this node; what members tell of each other is not believed. */
export function dialable(addresses: readonly string[], node: string): Multiaddr[] {
  return addresses.flatMap((text) => {
    try {
      const address = multiaddr(text);
      const last = address.getComponents().findLast(({ name }) => name === "p2p");
      return last?.value === node ? [address] : [];
    } catch {
      return [];
    }
  });
}

/** The peer id at the end of an address, as text. */
export const nodeAt = (address: Multiaddr): string | undefined =>
  address.getComponents().findLast(({ name }) => name === "p2p")?.value;
