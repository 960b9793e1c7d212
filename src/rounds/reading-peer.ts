/**
 * A peer that knows whose mail its program is reading. A body is read right after it was received and handed back when
 * that is done, so a body that does not decode is the fault of whoever sent the last one that was not handed back. Where
 * several are read side by side, as by buckets, each reader has a reading peer of its own.
 */
import { CorruptError, PeerLost } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Seconds } from "../base/units.ts";
import type { Meter } from "../ports/meter.ts";
import type { Clock, Envelope, Peer, Tag, WaitOptions } from "../ports/peer.ts";
import type { PeerId, View } from "../ports/view.ts";

/** Who sent what an error is about, where that is known. */
const senders = new WeakMap<CorruptError, PeerId>();

/** The error is about what this member sent, whoever sent what was read last. */
export function blaming(sender: PeerId, error: CorruptError): CorruptError {
  senders.set(error, sender);
  return error;
}

/**
 * Where members come and go, whoever sends what does not decode is expelled, and lost like one that has crashed.
 * @param peer as the program has it, a reading peer @throws {PeerLost}, and what `program` throws
 */
export async function expelling<T>(peer: Peer, program: () => Promise<T>): Promise<T> {
  if (!(peer instanceof ReadingPeer)) return await program();
  try {
    return await peer.reading(program);
  } catch (error) {
    const sender = error instanceof CorruptError ? senders.get(error) : undefined;
    if (!(error instanceof CorruptError) || sender === undefined || peer.expel === undefined) throw error;
    peer.expel(sender, error.message);
    throw new PeerLost(`peer ${peer.id}`, {
      expected: `mail of peer ${sender} that decodes`,
      got: error.message,
      cause: error,
    });
  }
}

export class ReadingPeer implements Peer {
  /** As the peer has them, or not. */
  readonly flushed?: () => Promise<void>;
  readonly expel?: (id: PeerId, why: string) => void;
  readonly #peer: Peer;
  /** Bodies that were not handed back, and who sent them; what was received last is read first. */
  readonly #inHand = new Map<Uint8Array, PeerId>();

  constructor(peer: Peer) {
    this.#peer = peer;
    if (peer.flushed !== undefined) this.flushed = () => peer.flushed!();
    if (peer.expel !== undefined) this.expel = (id, why) => peer.expel!(id, why);
  }

  /** What was thrown over the body that is being read is about its sender, unless somebody knows better. */
  async reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      const sender = [...this.#inHand.values()].at(-1);
      if (error instanceof CorruptError && sender !== undefined && !senders.has(error)) senders.set(error, sender);
      throw error;
    } finally {
      this.#inHand.clear();
    }
  }

  receive(from: PeerId, tag: Tag, options?: WaitOptions): Promise<Uint8Array> {
    return this.#peer.receive(from, tag, options).then((body) => this.#read(from, body));
  }

  receiveAny(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Envelope> {
    return this.#peer.receiveAny(from, tag, options).then((envelope) => {
      this.#read(envelope.from, envelope.body);
      return envelope;
    });
  }

  /** Of bodies that come together nobody can tell which one is read. */
  gather(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Map<PeerId, Uint8Array>> {
    return this.#peer.gather(from, tag, options);
  }

  recycle(body: Uint8Array): void {
    this.#inHand.delete(body);
    this.#peer.recycle(body);
  }

  #read(from: PeerId, body: Uint8Array): Uint8Array {
    this.#inHand.set(body, from);
    return body;
  }

  send(to: PeerId | readonly PeerId[], tag: Tag, body: Uint8Array | readonly Uint8Array[]): Promise<void> {
    return this.#peer.send(to, tag, body);
  }

  nextView(): Promise<View> {
    return this.#peer.nextView();
  }

  work<T>(label: string, cost: Seconds | undefined, body: () => T | Promise<T>): Promise<T> {
    return this.#peer.work(label, cost, body);
  }

  get id(): PeerId {
    return this.#peer.id;
  }

  get view(): View {
    return this.#peer.view;
  }

  get outdated(): boolean {
    return this.#peer.outdated;
  }

  get clock(): Clock {
    return this.#peer.clock;
  }

  get rng(): Random {
    return this.#peer.rng;
  }

  get meter(): Meter {
    return this.#peer.meter;
  }

  get signal(): AbortSignal {
    return this.#peer.signal;
  }
}
