/**
 * Homes behind routers that translate addresses, and hosts on a public network, as network namespaces of this machine. For
 * root, where `ip` and `nft` are installed.
 */
import { execFile } from "node:child_process";
import type { TestContext } from "node:test";
import { promisify } from "node:util";

const execute = promisify(execFile);

/**
 * What a router makes of the port of a connection that goes out. `kept`: the same for every destination, as most home
 * routers do. `random`: another for each, so that nobody can know it beforehand.
 */
export type Ports = "kept" | "random";

/** Addresses that count as public; they exist in these namespaces alone. */
const PUBLIC = "5.1.1";
const PRIVATE = "192.168";

/** Why this machine has no such homes; undefined if it may have them. */
export async function whyNoHomes(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "only root may make network namespaces";
  const name = `${PREFIX}-${process.pid}-try`;
  const rules = "add table ip try; add chain ip try out { type nat hook postrouting priority 100; }";
  try {
    await ip("netns", "add", name);
    await execute("ip", ["netns", "exec", name, "nft", rules]);
    return undefined;
  } catch (error) {
    return `ip and nft cannot make a router here: ${error instanceof Error ? error.message.trim() : error}`;
  } finally {
    await ip("netns", "del", name).catch(() => {});
  }
}

export interface Hosts {
  /** `public-0`, … */
  readonly public: number;
  /** `home-0`, …, each behind a router of its own. */
  readonly homes: number;
  readonly ports: Ports;
}

const PREFIX = "thinwire-homes";

export class Homes {
  readonly #name: string;
  readonly #hosts: Hosts;
  readonly #namespaces: string[] = [];

  private constructor(name: string, hosts: Hosts) {
    this.#name = name;
    this.#hosts = hosts;
  }

  /** They are taken down after the test. */
  static async open(t: TestContext, hosts: Hosts): Promise<Homes> {
    const homes = new Homes(`${PREFIX}-${process.pid}-${++count}`, hosts);
    t.after(() => homes.#close());
    await homes.#internet();
    for (let host = 0; host < hosts.public; host++) await homes.#publicHost(`public-${host}`);
    for (let home = 0; home < hosts.homes; home++) await homes.#home(home);
    return homes;
  }

  /** What a command line begins with to run on a host. */
  on(host: string): readonly string[] {
    return ["ip", "netns", "exec", this.#space(host)];
  }

  /** The address that others see. */
  address(host: string): string {
    const [kind, index] = host.split("-");
    return `${PUBLIC}.${(kind === "public" ? 10 : 100) + Number(index)}`;
  }

  /** Bytes that went from a home straight to another host. */
  async sent(home: number, to: string): Promise<number> {
    const { stdout } = await this.#in(`router-${home}`, "nft", "-j", "list", "counter", "ip", "nat", to);
    const listed = JSON.parse(stdout) as { nftables: readonly { counter?: { bytes: number } }[] }; // as nft's manual says
    const counter = listed.nftables.find((one) => one.counter !== undefined)?.counter;
    if (counter === undefined) throw new Error(`nft counts nothing from home ${home} to ${to}: ${stdout}`);
    return counter.bytes;
  }

  async #close(): Promise<void> {
    for (const name of this.#namespaces) await ip("netns", "del", name).catch(() => {});
  }

  async #internet(): Promise<void> {
    await this.#host("internet");
    await ip("-n", this.#space("internet"), "link", "add", "bridge", "type", "bridge");
    await ip("-n", this.#space("internet"), "link", "set", "bridge", "up");
  }

  async #publicHost(host: string): Promise<void> {
    await this.#host(host);
    await this.#plugIn(host, "eth0", this.address(host));
  }

  /** A host, and the router between it and the public network. */
  async #home(home: number): Promise<void> {
    const [host, router, house] = [`home-${home}`, `router-${home}`, `${PRIVATE}.${home + 1}`];
    await this.#host(router);
    await this.#plugIn(router, "wan", this.address(host));
    await this.#host(host);
    await this.#cable(host, "eth0", router, "lan");
    await this.#up(router, "lan", `${house}.1`);
    await this.#up(host, "eth0", `${house}.2`);
    await ip("-n", this.#space(host), "route", "add", "default", "via", `${house}.1`);
    await ip("-n", this.#space(router), "route", "add", "default", "dev", "wan");
    await this.#in(router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
    await this.#in(router, "nft", this.#rules(host));
  }

  /** Nobody comes in uncalled, nobody calls another house by its private address, and nobody is told so. */
  #rules(home: string): string {
    const { ports, public: open, homes } = this.#hosts;
    const others = [
      ...Array.from({ length: open }, (_, host) => `public-${host}`),
      ...Array.from({ length: homes }, (_, host) => `home-${host}`),
    ].filter((other) => other !== home);
    const counting = others.map((to) => `ip daddr ${this.address(to)} ct state established counter name ${to};`);
    return `table ip nat {
      ${others.map((to) => `counter ${to} { }`).join("\n")}
      chain out {
        type nat hook postrouting priority 100;
        oifname wan masquerade ${ports === "random" ? "fully-random" : ""};
      }
      chain through {
        type filter hook forward priority 0; policy drop;
        ${counting.join("\n")}
        iifname lan ip daddr ${PRIVATE}.0.0/16 drop;
        iifname lan accept;
        ct state established,related accept;
      }
      chain in {
        type filter hook input priority 0; policy drop;
        iifname lan accept;
        ct state established,related accept;
      }
    }`.replaceAll(/^\s+/gm, "");
  }

  async #host(host: string): Promise<void> {
    const name = this.#space(host);
    await ip("netns", "add", name);
    this.#namespaces.push(name);
    await ip("-n", name, "link", "set", "lo", "up");
  }

  async #plugIn(host: string, device: string, address: string): Promise<void> {
    const plug = `to-${host}`;
    await this.#cable(host, device, "internet", plug);
    await ip("-n", this.#space("internet"), "link", "set", plug, "master", "bridge", "up");
    await this.#up(host, device, address);
  }

  async #cable(a: string, atA: string, b: string, atB: string): Promise<void> {
    const peer = ["peer", "name", atB, "netns", this.#space(b)];
    await ip("link", "add", atA, "netns", this.#space(a), "type", "veth", ...peer);
  }

  async #up(host: string, device: string, address: string): Promise<void> {
    await ip("-n", this.#space(host), "addr", "add", `${address}/24`, "dev", device);
    await ip("-n", this.#space(host), "link", "set", device, "up");
  }

  #in(host: string, ...command: readonly string[]) {
    const [program = "", ...args] = [...this.on(host), ...command];
    return execute(program, args);
  }

  #space(host: string): string {
    return `${this.#name}-${host}`;
  }
}

let count = 0;

const ip = (...args: readonly string[]) => execute("ip", args);
