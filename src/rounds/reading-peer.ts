/**
 * A peer that knows whose mail its program is reading. A body is read right after it was received and handed back when
 * that is done, so a body that does not decode is the fault of whoever sent the last one that was not handed back. Where
 * several are read side by side, as by buckets, each reader has a reading peer of its own.
 */
import { CorruptError, PeerLost } from "../base/errors.ts";
import type { Envelope, Peer, Tag, WaitOptions } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";
import { PassingPeer } from "./passing-peer.ts";

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

export class ReadingPeer extends PassingPeer {
  /** Bodies that were not handed back, and who sent them; what was received last is read first. */
  readonly #inHand = new Map<Uint8Array, PeerId>();

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

  /** Of bodies that `gather` gives together nobody can tell which one is read. */
  override receive(from: PeerId, tag: Tag, options?: WaitOptions): Promise<Uint8Array> {
    return super.receive(from, tag, options).then((body) => this.#read(from, body));
  }

  override receiveAny(from: readonly PeerId[], tag: Tag, options?: WaitOptions): Promise<Envelope> {
    return super.receiveAny(from, tag, options).then((envelope) => {
      this.#read(envelope.from, envelope.body);
      return envelope;
    });
  }

  override recycle(body: Uint8Array): void {
    this.#inHand.delete(body);
    super.recycle(body);
  }

  #read(from: PeerId, body: Uint8Array): Uint8Array {
    this.#inHand.set(body, from);
    return body;
  }
}
