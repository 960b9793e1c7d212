/**
 * From where an IP address is the same one. A private address is another machine in each house, so whoever calls it because
 * somebody far away says so calls a neighbour, or itself.
 */
import { BlockList } from "node:net";
import type { Multiaddr } from "@multiformats/multiaddr";

export type Reach = "anywhere" | "house" | "machine";

type Subnet = readonly [net: string, bits: number];

const MACHINE = listOf(
  [
    ["0.0.0.0", 8], // Linux takes them for the loopback
    ["127.0.0.0", 8],
  ],
  [["::", 127]],
);
const HOUSE = listOf(
  [
    ["10.0.0.0", 8],
    ["100.64.0.0", 10], // of carriers, RFC 6598
    ["172.16.0.0", 12],
    ["192.168.0.0", 16],
  ],
  [["fc00::", 7]],
);
/** Link-local ones, behind which clouds keep their secrets; those of groups; and those that are kept for later. */
const NOBODY = listOf(
  [
    ["169.254.0.0", 16],
    ["224.0.0.0", 3],
  ],
  [
    ["fe80::", 10],
    ["ff00::", 8],
  ],
);

/** Of an address that begins with an IP address; undefined for names, and where no single node is meant. */
export function reachOf(address: Multiaddr): Reach | undefined {
  const [ip] = address.getComponents();
  if (ip?.value === undefined || (ip.name !== "ip4" && ip.name !== "ip6")) return undefined;
  const family = ip.name === "ip4" ? "ipv4" : "ipv6"; // one of IPv4 that is written as one of IPv6 is found as well
  if (NOBODY.check(ip.value, family)) return undefined;
  if (MACHINE.check(ip.value, family)) return "machine";
  return HOUSE.check(ip.value, family) ? "house" : "anywhere";
}

function listOf(ipv4: readonly Subnet[], ipv6: readonly Subnet[]): BlockList {
  const list = new BlockList();
  for (const [net, bits] of ipv4) list.addSubnet(net, bits, "ipv4");
  for (const [net, bits] of ipv6) list.addSubnet(net, bits, "ipv6");
  return list;
}
