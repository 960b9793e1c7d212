/**
 * TCP that calls some nodes from one port of this machine, so that the router between knows that port, and the same one can
 * be used for a hole punch. Node lets several sockets have it as long as none of them listens.
 */
import type { MultiaddrConnection, Transport, Upgrader } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import type { Multiaddr } from "@multiformats/multiaddr";

type Tcp = ReturnType<typeof tcp>;
type Dial = Transport["dial"];

/** Ports that nobody is given (RFC 6335). */
const PRIVATE_PORTS = { first: 49_152, count: 16_384 };

/** Of a port that nobody else has. */
const TRIES = 4;

/** The port of this machine from which is called. */
export class OnePort {
  #port: number = anyPort();

  get port(): number {
    return this.#port;
  }

  /** Somebody has it, or whoever was called from it a moment ago may not be called from it again yet. */
  renew(): void {
    this.#port = anyPort();
  }
}

/** @param isMeant whom to call from the port; all others are called from any */
export const tcpFromOnePort =
  (options: Parameters<typeof tcp>[0], one: OnePort, isMeant: (to: Multiaddr) => boolean): Tcp =>
  (components) => {
    const made = tcp(options)(components);
    const dial: Dial = made.dial.bind(made);
    made.dial = async (to: Multiaddr, how: Parameters<Dial>[1]) => {
      if ("initiator" in how && how.initiator === false)
        return await dial(to, { ...how, upgrader: speakingSecond(how.upgrader) });
      if (!isMeant(to)) return await dial(to, how);
      for (let tries = TRIES; ; tries--) {
        try {
          return await dial(to, from(one, how));
        } catch (error) {
          if (tries === 1 || !isTaken(error)) throw error;
          one.renew();
        }
      }
    };
    return made;
  };

/** libp2p's TCP takes whoever calls for the one that speaks first; where both have called, one must not. */
function speakingSecond(upgrader: Upgrader): Upgrader {
  const second: Upgrader = Object.create(upgrader);
  second.upgradeOutbound = (connection: MultiaddrConnection, how: Parameters<Upgrader["upgradeOutbound"]>[1]) => {
    connection.direction = "inbound";
    return upgrader.upgradeOutbound(connection, how);
  };
  return second;
}

/** With the port to call from, which libp2p's TCP passes on to the socket. */
export const from = <T extends object>({ port }: OnePort, how: T): T & { readonly localPort: number } => ({
  ...how,
  localPort: port,
});

const TAKEN = new Set(["EADDRINUSE", "EADDRNOTAVAIL"]);

const isTaken = (error: unknown): boolean => error instanceof Error && "code" in error && TAKEN.has(String(error.code));

/** Not to be guessed by who shares the router. */
function anyPort(): number {
  const [drawn = 0] = crypto.getRandomValues(new Uint16Array(1));
  return PRIVATE_PORTS.first + (drawn % PRIVATE_PORTS.count);
}
