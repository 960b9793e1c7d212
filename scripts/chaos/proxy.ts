/**
 * A cable that can be cut: a TCP proxy before one peer. The others reach the peer through its proxy, and what the peer itself
 * opens is known at the proxies of the others by the port that it comes from.
 */
import { readdir, readFile, readlink } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** "open": bytes pass. "reset": connections break and new ones are refused. "silent": nothing passes, nothing breaks. */
export type Cable = "open" | "reset" | "silent";

/** A peer as the proxies see it. */
export interface Wired {
  readonly pid: number | undefined;
  cable: Cable;
}

interface Pipe {
  readonly ends: readonly [Socket, Socket];
  readonly between: readonly Wired[];
}

export class Proxies {
  readonly #pipes = new Set<Pipe>();
  readonly #servers: Server[] = [];
  readonly #peers: Wired[] = [];

  /** @param behind where the peer listens @returns the port that the others are told of */
  async add(peer: Wired, behind: number): Promise<number> {
    this.#peers.push(peer);
    const server = createServer({ pauseOnConnect: true }, (socket) => void this.#connect(peer, behind, socket));
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port; // it listens on TCP
  }

  set(peer: Wired, cable: Cable): void {
    peer.cable = cable;
    for (const pipe of this.#pipes) if (pipe.between.includes(peer)) this.#settle(pipe);
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const { ends } of this.#pipes) for (const end of ends) end.destroy();
  }

  async #connect(to: Wired, port: number, socket: Socket): Promise<void> {
    socket.on("error", () => socket.destroy());
    const owner = await pidAt(socket.remotePort ?? 0, this.#peers);
    const from = this.#peers.find(({ pid }) => pid === owner && pid !== undefined);
    const between = from === undefined ? [to] : [to, from];
    if (between.some(({ cable }) => cable !== "open")) return void socket.destroy();
    const peer = connect({ port, host: "127.0.0.1" });
    const pipe: Pipe = { ends: [socket, peer], between };
    this.#pipes.add(pipe);
    for (const [end, other] of [pipe.ends, pipe.ends.toReversed()] as [Socket, Socket][]) {
      end.setNoDelay(true);
      end.on("error", () => end.destroy());
      end.on("close", () => {
        other.destroy();
        this.#pipes.delete(pipe);
      });
    }
    this.#settle(pipe);
  }

  #settle({ ends, between }: Pipe): void {
    const [a, b] = ends;
    const cables = between.map(({ cable }) => cable);
    if (cables.includes("reset")) {
      a.resetAndDestroy();
      b.resetAndDestroy();
    } else if (cables.includes("silent")) {
      a.unpipe(b).pause();
      b.unpipe(a).pause();
    } else {
      a.pipe(b);
      b.pipe(a);
    }
  }
}

/** The process of `peers` that has the local TCP port; undefined if none does. */
async function pidAt(port: number, peers: readonly Wired[]): Promise<number | undefined> {
  const table = await readFile("/proc/net/tcp", "utf8");
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const inode = table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find((fields) => fields[1]?.endsWith(local))?.[9];
  if (inode === undefined) return undefined;
  for (const { pid } of peers) if (pid !== undefined && (await holds(pid, `socket:[${inode}]`))) return pid;
  return undefined;
}

async function holds(pid: number, what: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const links = (await readdir(folder).catch(() => [])).map((fd) => readlink(`${folder}/${fd}`).catch(() => ""));
  return (await Promise.all(links)).includes(what);
}
