/**
 * Line: what one member writes to another, in order, over one stream. Whoever writes hears when the bytes have left; how
 * much waits is the writer's business.
 */
import type { Stream } from "@libp2p/interface";
import { CHUNK_BYTES } from "./swarm-limits.ts";

interface Waiting {
  readonly bytes: Uint8Array;
  /** The bytes are with libp2p, or the line was cut; once. */
  readonly gone: () => void;
}

export class Line {
  #stream: Stream | undefined;
  #queue: Waiting[] = [];
  /** How much of the first one was written. */
  #written = 0;
  #pumping = false;
  #cut = false;
  #emptied: (() => void)[] = [];

  /** The stream is open: what waits is written. */
  open(stream: Stream): void {
    if (this.#cut) {
      stream.abort(new Error("the line was cut before it opened"));
      return;
    }
    this.#stream = stream;
    stream.addEventListener("drain", () => this.#pump());
    this.#pump();
  }

  /** @param bytes not to be changed before they are `gone` */
  write(bytes: Uint8Array, gone: () => void = () => {}): void {
    if (this.#cut) {
      gone();
      return;
    }
    this.#queue.push({ bytes, gone });
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  /** Resolves when all that was written is with libp2p, or the line was cut. */
  async flushed(): Promise<void> {
    if (this.#queue.length > 0) await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  /** Ends the line once all that was written is with libp2p, or the line was cut. */
  async end(): Promise<void> {
    await this.flushed();
    if (!this.#cut) await this.#stream?.close().catch(() => {});
  }

  /** As `end`, and the other side has read it all and ended its own. */
  async endRead(): Promise<void> {
    await this.end();
    const stream = this.#stream;
    if (stream?.status !== "open" || stream.remoteWriteStatus === "closed") return;
    await new Promise<unknown>((resolve) => {
      stream.addEventListener("remoteCloseWrite", resolve);
      stream.addEventListener("close", resolve);
    });
  }

  /** What waits is dropped. */
  cut(why: string): void {
    if (this.#cut) return;
    this.#cut = true;
    this.#stream?.abort(new Error(why));
    const queue = this.#queue;
    this.#queue = [];
    for (const { gone } of queue) gone();
    this.#settle();
  }

  #pump(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    while (this.#queue.length > 0 && !this.#cut && stream.writeStatus === "writable" && !stream.writableNeedsDrain) {
      const { chunk, gone } = this.#chunk();
      stream.send(chunk);
      for (const { gone: tell } of gone) tell();
    }
    if (this.#queue.length === 0) this.#settle();
  }

  /** The next bytes, copied together: small messages share a packet, and large ones leave room for other streams. */
  #chunk(): { readonly chunk: Uint8Array; readonly gone: readonly Waiting[] } {
    let size = -this.#written;
    for (const { bytes } of this.#queue) {
      size += bytes.length;
      if (size >= CHUNK_BYTES) break;
    }
    const chunk = new Uint8Array(Math.min(size, CHUNK_BYTES));
    let filled = 0;
    let whole = 0;
    for (const { bytes } of this.#queue) {
      if (filled === chunk.length && bytes.length > 0) break;
      const part = bytes.subarray(this.#written, this.#written + chunk.length - filled);
      chunk.set(part, filled);
      filled += part.length;
      this.#written += part.length;
      if (this.#written < bytes.length) break;
      this.#written = 0;
      whole += 1;
    }
    return { chunk, gone: this.#queue.splice(0, whole) };
  }

  #settle(): void {
    const emptied = this.#emptied;
    this.#emptied = [];
    for (const resolve of emptied) resolve();
  }
}

/** What came, piece by piece. */
export const piecesOf = (data: Uint8Array | Iterable<Uint8Array>): Iterable<Uint8Array> =>
  data instanceof Uint8Array ? [data] : data;
