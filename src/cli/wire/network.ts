/**
 * Hosts in network namespaces of this machine, each with a cable of its own to one bridge, shaped to a rate both ways.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { ConfigError } from "../../base/errors.ts";
import type { BitsPerSecond } from "../../base/units.ts";

const execute = promisify(execFile);

const SUBNET = "10.77.0";

/** The name of a host's interface, inside its namespace. */
export const INTERFACE = "eth0";

/** Of a token bucket: what a kernel tick of 4 ms lets through, and never less than one large packet. */
const BURST_BYTES_MIN = 65_536;
/** How long a packet may wait before it is dropped. */
const QUEUE = "400ms";

export class WireNetwork {
  readonly hosts: number;
  readonly #name: string;

  private constructor(hosts: number, name: string) {
    this.hosts = hosts;
    this.#name = name;
  }

  /** @param name at most 8 characters, of no other network of this machine @throws {ConfigError} without root or without the tools */
  static async open(hosts: number, name: string): Promise<WireNetwork> {
    if (process.getuid?.() !== 0) {
      throw new ConfigError("bench wire", { expected: "root, who may make network namespaces", got: "another user" });
    }
    const network = new WireNetwork(hosts, name);
    try {
      await network.#build();
    } catch (cause) {
      await network.close();
      throw new ConfigError("bench wire", {
        expected: "network namespaces, by ip and tc",
        got: cause instanceof Error ? cause.message.split("\n")[0] : cause,
        hint: "They come with iproute2; a container may forbid them.",
        cause,
      });
    }
    return network;
  }

  address(host: number): string {
    return `${SUBNET}.${host + 1}`;
  }

  /** The command line that runs a command on a host. */
  on(host: number, command: readonly string[]): readonly [string, readonly string[]] {
    return ["ip", ["netns", "exec", this.#namespace(host), ...command]];
  }

  /** @param rate of each cable and direction; undefined: as fast as this machine can */
  async shape(rate: BitsPerSecond | undefined): Promise<void> {
    for (let host = 0; host < this.hosts; host++) {
      await this.#shape(["dev", this.#cable(host)], [], rate);
      await this.#shape(["dev", INTERFACE], ["-n", this.#namespace(host)], rate);
    }
  }

  /** What all hosts have sent, with all headers. */
  async bytes(): Promise<number> {
    let sum = 0;
    for (let host = 0; host < this.hosts; host++) {
      sum += Number(await readFile(`/sys/class/net/${this.#cable(host)}/statistics/rx_bytes`, "utf8"));
    }
    return sum;
  }

  /** Takes all down; what is not there is left aside. */
  async close(): Promise<void> {
    const quietly = (...args: string[]) => execute("ip", args).catch(() => {});
    for (let host = 0; host < this.hosts; host++) {
      await quietly("link", "del", this.#cable(host));
      await quietly("netns", "del", this.#namespace(host));
    }
    await quietly("link", "del", this.#name);
  }

  async #build(): Promise<void> {
    await execute("tc", ["-V"]);
    await ip("link", "add", this.#name, "type", "bridge");
    await ip("link", "set", this.#name, "up");
    for (let host = 0; host < this.hosts; host++) {
      const [namespace, cable] = [this.#namespace(host), this.#cable(host)];
      await ip("netns", "add", namespace);
      await ip("link", "add", cable, "type", "veth", "peer", "name", INTERFACE, "netns", namespace);
      await ip("link", "set", cable, "master", this.#name, "up");
      await ip("-n", namespace, "addr", "add", `${this.address(host)}/24`, "dev", INTERFACE);
      await ip("-n", namespace, "link", "set", INTERFACE, "up");
      await ip("-n", namespace, "link", "set", "lo", "up");
    }
  }

  async #shape(device: readonly string[], where: readonly string[], rate: BitsPerSecond | undefined): Promise<void> {
    await execute("tc", [...where, "qdisc", "del", ...device, "root"]).catch(() => {}); // there may be none
    if (rate === undefined) return;
    const burst = Math.max(BURST_BYTES_MIN, Math.round((rate / 8) * 0.004));
    const bucket = ["tbf", "rate", `${Math.round(rate)}bit`, "burst", `${burst}`, "latency", QUEUE];
    await execute("tc", [...where, "qdisc", "add", ...device, "root", ...bucket]);
  }

  #namespace(host: number): string {
    return `${this.#name}-${host}`;
  }

  #cable(host: number): string {
    return `${this.#name}v${host}`;
  }
}

const ip = (...args: string[]) => execute("ip", args);
