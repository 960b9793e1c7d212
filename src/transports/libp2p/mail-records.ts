/**
 * What a stream of mail holds, record after record. Little-endian. The first byte tells them apart:
 *
 *     1  a frame as `coding/frame.ts` has it: 24 bytes of header, and the body
 *     0  a note of 8 bytes:  0  u8 0   1  u8 type   2  u16 peer   4  u32 epoch
 *
 * Notes: 1 opens a stream, with the ids of its sender and, in place of the epoch, of its receiver; 2 says that the sender
 * has gone on to a view; 3 that it has left and nothing follows.
 */
import { CorruptError } from "../../base/errors.ts";
import { type Bytes, bytes } from "../../base/units.ts";
import { ByteSink, ByteSource } from "../../coding/bytes.ts";
import { FRAME_BYTES, readHeader } from "../../coding/frame.ts";
import { type PeerId, peerId } from "../../ports/view.ts";
import { ByteQueue } from "./byte-queue.ts";
import { EPOCHS_AHEAD_MAX, type PeerLimits, ROUNDS_COUNTED } from "./swarm-limits.ts";

const NOTE_BYTES = 8;
const NOTES = { open: 1, entered: 2, left: 3 } as const;

export type Note =
  | { readonly type: "open"; readonly from: PeerId; readonly to: PeerId }
  | { readonly type: "entered"; readonly epoch: number }
  | { readonly type: "left" };

export type MailRecord = Note | { readonly type: "frame"; readonly frame: Uint8Array<ArrayBuffer> };

export function writeNote(note: Note): Uint8Array {
  const sink = new ByteSink(NOTE_BYTES).u8(0).u8(NOTES[note.type]);
  if (note.type === "open") sink.u16(note.from).u32(note.to);
  else sink.u16(0).u32(note.type === "entered" ? note.epoch : 0);
  return sink.written;
}

/** @throws {CorruptError} */
function readNote(record: Uint8Array): Note {
  const from = new ByteSource(record, "mail");
  from.u8();
  const type = from.u8();
  const id = from.u16();
  const value = from.u32();
  if (type === NOTES.open && value < 2 ** 16) return { type: "open", from: peerId(id), to: peerId(value) };
  if (type === NOTES.entered && id === 0) return { type: "entered", epoch: value };
  if (type === NOTES.left && id === 0 && value === 0) return { type: "left" };
  throw from.corrupt("a note that opens, enters or leaves", `type ${type}, peer ${id}, epoch ${value}`);
}

export interface MailReaderOptions {
  readonly limits: PeerLimits;
  /** The newest epoch known here. */
  readonly epoch: () => number;
}

/**
 * Cuts a stream of mail into records. A frame is whole but its checksum was not looked at. What a sender has announced but
 * not sent takes no memory.
 */
export class MailReader {
  readonly #limits: PeerLimits;
  readonly #epoch: () => number;
  readonly #rounds = new Map<string, { messages: number; bytes: number }>();
  readonly #queue = new ByteQueue();
  /** Of the record that begins with them, once its head was read. */
  #size: number | undefined;
  #sender: PeerId | undefined;

  constructor(options: MailReaderOptions) {
    this.#limits = options.limits;
    this.#epoch = options.epoch;
  }

  /** The records that these bytes complete. @throws {CorruptError} if they break the format or a limit */
  *read(chunks: Iterable<Uint8Array>): Generator<MailRecord> {
    for (const chunk of chunks) this.#queue.push(chunk);
    for (let record = this.#next(); record !== undefined; record = this.#next()) yield record;
  }

  #next(): MailRecord | undefined {
    this.#size ??= this.#measure();
    if (this.#size === undefined || this.#queue.length < this.#size) return undefined;
    const record = this.#queue.take(this.#size);
    this.#size = undefined;
    if (record[0] !== 0) return { type: "frame", frame: record };
    const note = readNote(record);
    this.#order(note);
    return note;
  }

  /** Size of the next record, once enough of it is here to tell. */
  #measure(): number | undefined {
    if (this.#queue.length === 0) return undefined;
    const first = this.#queue.peek(1)[0];
    if (first === 0) return NOTE_BYTES;
    if (this.#queue.length < FRAME_BYTES) {
      if (first === 1) return undefined;
      throw new CorruptError("mail", { expected: "a record that begins with 0 or 1", got: first });
    }
    const { header, bodyLength } = readHeader(this.#queue.peek(FRAME_BYTES));
    if (this.#sender === undefined) throw corrupt("a note that opens the stream", "a frame");
    if (header.sender !== this.#sender) throw corrupt(`frames of peer ${this.#sender}`, `one of peer ${header.sender}`);
    const ahead = header.epoch - this.#epoch();
    if (ahead > EPOCHS_AHEAD_MAX) throw corrupt(`a view near ${this.#epoch()}`, header.epoch);
    this.#charge(`${header.epoch}/${header.round}`, bytes(FRAME_BYTES + bodyLength));
    if (bodyLength > this.#limits.messageBytes) {
      throw corrupt(`a body of at most ${this.#limits.messageBytes} bytes`, bodyLength);
    }
    return FRAME_BYTES + bodyLength;
  }

  /** The note that opens a stream comes first, and once. */
  #order(note: Note): void {
    if ((note.type === "open") !== (this.#sender === undefined))
      throw corrupt("one note that opens the stream", note.type);
    if (note.type === "open") this.#sender = note.from;
  }

  #charge(round: string, size: Bytes): void {
    const spent = this.#rounds.get(round) ?? { messages: 0, bytes: 0 };
    spent.messages += 1;
    spent.bytes += size;
    this.#rounds.set(round, spent);
    const [oldest] = this.#rounds.keys();
    if (this.#rounds.size > ROUNDS_COUNTED && oldest !== undefined) this.#rounds.delete(oldest);
    const { messagesPerRound, bytesPerRound } = this.#limits;
    if (spent.messages > messagesPerRound)
      throw corrupt(`at most ${messagesPerRound} messages a round`, spent.messages);
    if (spent.bytes > bytesPerRound) throw corrupt(`at most ${bytesPerRound} bytes a round`, spent.bytes);
  }
}

const corrupt = (expected: string, got: unknown): CorruptError => new CorruptError("mail", { expected, got });
