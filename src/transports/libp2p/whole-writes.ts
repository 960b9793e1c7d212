/**
 * One write to the socket for what libp2p sends at once: it comes in a dozen pieces (lengths, heads, tags), and each would be a
 * system call and a packet.
 */
import type { MultiaddrConnection } from "@libp2p/interface";

/** What a connection over TCP has beside its interface. */
interface Wired {
  readonly socket: { cork(): void; uncork(): void };
}

/** Connections over anything else stay as they are. */
export function writeWhole(connection: MultiaddrConnection): void {
  const { socket }: MultiaddrConnection & Partial<Wired> = connection;
  if (typeof socket?.cork !== "function") return;
  const send = connection.send.bind(connection);
  connection.send = (data) => {
    socket.cork();
    try {
      return send(data);
    } finally {
      socket.uncork();
    }
  };
}
