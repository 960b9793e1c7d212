/**
 * One libp2p node: TCP and WebSocket for whoever can be reached, a circuit relay and hole punching for whoever cannot,
 * Noise encryption, Yamux streams, and limits that hold for strangers too.
 */
import { circuitRelayServer, circuitRelayTransport } from "@libp2p/circuit-relay-v2";
import { dcutr } from "@libp2p/dcutr";
import { identify } from "@libp2p/identify";
import type { ConnectionGater, Libp2p, PrivateKey } from "@libp2p/interface";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { webSockets } from "@libp2p/websockets";
import { yamux } from "@libp2p/yamux";
import { createLibp2p, type ServiceFactoryMap } from "libp2p";
import { ConfigError } from "../../base/errors.ts";
import type { Seconds } from "../../base/units.ts";
import { multiaddrOf, nodeAt } from "./addresses.ts";
import { type CountedBytes, countBytes } from "./counted-bytes.ts";
import { nativeNoise } from "./native-cipher.ts";
import { OnePort, tcpFromOnePort } from "./one-port.ts";
import { PUNCH_MS, Punching, type PunchingParts } from "./punching.ts";
import { SOCKET_BYTES, WINDOW_BYTES } from "./swarm-limits.ts";

export interface NodeOptions {
  /** Multiaddrs to listen on; default: any free TCP port and any free WebSocket port of all IPv4 interfaces. */
  readonly listen?: readonly string[];
  /** Multiaddrs to tell others in place of those listened on: what a port forwarding or a proxy shows. */
  readonly announce?: readonly string[];
  /** Nodes to be reached through, each a multiaddr with its peer id, for whoever sits behind a NAT. */
  readonly relays?: readonly string[];
  /** Whether members that cannot be reached may be reached through this node; default false. */
  readonly relay?: boolean;
  /**
   * Whether there may be members behind relays; default true. Where there are none, as in one house, it saves several
   * milliseconds a connection in which two nodes identify themselves.
   */
  readonly relayed?: boolean;
  /** Whether to try for a direct connection where one leads through a relay; default true. */
  readonly holePunching?: boolean;
  /** The node's identity; default: a new one. */
  readonly privateKey?: PrivateKey;
  /** Connections at a time; default 300. */
  readonly connections?: number;
  /** How long to wait for a connection or a stream to open; default 20 s. */
  readonly patience?: Seconds;
  /** New connections a second from one host, and half-open ones at a time; default 64. */
  readonly newConnections?: number;
}

/** Who may do what on this node, by peer id as text. */
export interface Doorkeeper {
  /** These may be reached through this node, and may reach others through it. */
  isKnown(node: string): boolean;
}

export interface Node {
  readonly libp2p: Libp2p;
  /** What crossed the node's sockets, encryption and multiplexing included. */
  readonly wireBytes: CountedBytes;
}

const DEFAULT_LISTEN = ["/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/tcp/0/ws"];

export { PUNCH_MS };

/** A relay keeps a reservation for each member behind it, which renews it, and cuts no link off for its age or its bytes. */
const UNLIMITED = { applyDefaultLimit: false, maxReservations: 256 };

/** @throws {ConfigError} if an address is none, or cannot be listened on */
export async function startNode(options: NodeOptions, doorkeeper: Doorkeeper): Promise<Node> {
  const { listen = DEFAULT_LISTEN, relays = [], announce = [], privateKey } = options;
  for (const address of [...listen, ...relays, ...announce]) multiaddrOf(address);
  const wireBytes = { sent: 0, received: 0 };
  const newConnections = options.newConnections ?? 64;
  const patience = 1000 * (options.patience ?? 20);
  const behind = behindOf(options, doorkeeper);
  try {
    const libp2p = await createLibp2p({
      addresses: { listen: [...listen, ...relays.map((relay) => `${relay}/p2p-circuit`)], announce: [...announce] },
      ...(privateKey === undefined ? {} : { privateKey }),
      transports: [
        tcpOf(behind),
        webSockets(),
        ...(usesRelays(options) ? [circuitRelayTransport({ reservationCompletionTimeout: patience })] : []),
      ],
      connectionEncrypters: [nativeNoise()],
      streamMuxers: [yamux({ maxInboundStreams: MAX_STREAMS, maxOutboundStreams: MAX_STREAMS, streamOptions: WINDOW })],
      connectionGater: gaterOf(doorkeeper),
      connectionManager: {
        maxConnections: options.connections ?? 300,
        inboundConnectionThreshold: newConnections,
        maxIncomingPendingConnections: newConnections,
        reconnectRetries: 0,
        dialTimeout: patience,
        addressDialTimeout: patience / 2,
        inboundUpgradeTimeout: patience,
        inboundStreamProtocolNegotiationTimeout: patience,
        outboundStreamProtocolNegotiationTimeout: patience,
      },
      connectionMonitor: { enabled: false }, // members hear each other's heartbeats
      metrics: () => countBytes(wireBytes),
      services: { ...servicesOf(options), ...punchingFor(behind) },
    });
    return { libp2p, wireBytes };
  } catch (error) {
    throw new ConfigError("node", {
      expected: `addresses to listen on: ${[...listen, ...relays].join(", ")}`,
      got: error instanceof Error ? error.message : error,
      hint: "Another program may have the port, or the relay may not be there.",
      cause: error,
    });
  }
}

type Behind = ConstructorParameters<typeof Punching>[1];

/** What a node needs that is reached through relays, to be reached without; undefined for any other. */
function behindOf({ relays = [], holePunching = true }: NodeOptions, { isKnown }: Doorkeeper): Behind | undefined {
  if (relays.length === 0 || !holePunching) return undefined;
  return { port: new OnePort(), relays: new Set(relays.map((relay) => nodeAt(multiaddrOf(relay)) ?? "")), isKnown };
}

function tcpOf(behind: Behind | undefined): ReturnType<typeof tcp> {
  const options = { dialOpts: SOCKET, listenOpts: SOCKET };
  if (behind === undefined) return tcp(options);
  return tcpFromOnePort(options, behind.port, (to) => behind.relays.has(nodeAt(to) ?? ""));
}

const punchingFor = (behind: Behind | undefined): ServiceFactoryMap =>
  behind === undefined ? {} : { punching: (parts: PunchingParts) => new Punching(parts, behind) };

/** libp2p passes these options of a socket on, though its types do not name them all. */
const SOCKET = { noDelay: true, highWaterMark: SOCKET_BYTES, writableHighWaterMark: SOCKET_BYTES };

const WINDOW = { initialStreamWindowSize: WINDOW_BYTES, maxStreamWindowSize: 4 * WINDOW_BYTES };

/**
 * Links of a member through one relay, which libp2p has it open in one connection: 64 by default, but no relay takes more
 * than 32 unless told.
 */
const RELAYED_LINKS = 64;

/** Streams of one connection and direction. */
const MAX_STREAMS: number = 64 + RELAYED_LINKS;

const usesRelays = ({ relayed = true, relay = false, relays = [] }: NodeOptions): boolean =>
  relayed || relay || relays.length > 0;

function servicesOf(options: NodeOptions): ServiceFactoryMap {
  const { relay = false, holePunching = true } = options;
  if (!usesRelays(options)) return { ping: ping() };
  return {
    identify: identify(),
    ping: ping(),
    ...(holePunching ? { dcutr: dcutr({ retries: 1, timeout: PUNCH_MS }) } : {}),
    ...(relay ? { relay: circuitRelayServer({ reservations: UNLIMITED, maxInboundHopStreams: RELAYED_LINKS }) } : {}),
  };
}

const gaterOf = ({ isKnown }: Doorkeeper): ConnectionGater => ({
  denyDialMultiaddr: () => false, // members on one machine and in one house have private addresses
  denyInboundRelayReservation: (peer) => !isKnown(peer.toString()),
  denyOutboundRelayedConnection: (source, target) => !isKnown(source.toString()) || !isKnown(target.toString()),
});
