/**
 * What a stream of mail holds, record after record. Little-endian. The first byte tells them apart:
 *
 *     1  a frame as `coding/frame.ts` has it: 24 bytes of header, and the body
 *     0  a note of 8 bytes:  0  u8 0   1  u8 type   2  u16 peer   4  u32 epoch
 *
 * Notes: 1 opens a stream, with the ids of its sender and, in place of the epoch, of its receiver; 2 says that the sender
 * has gone on to a view; 3 that it has left and nothing follows; 4 asks to be told that all before it has come.
 */
import { CorruptError } from "../../base/errors.ts";
import { type Bytes, bytes } from "../../base/units.ts";
import { ByteSink, ByteSource } from "../../coding/bytes.ts";
import { FRAME_BYTES, readHeader } from "../../coding/frame.ts";
import { type PeerId, peerId } from "../../ports/view.ts";
import type { BlockPool } from "../threads/blocks.ts";
import { Arriving } from "./arriving.ts";
import { EPOCHS_AHEAD_MAX, type PeerLimits, ROUNDS_COUNTED } from "./swarm-limits.ts";

const NOTE_BYTES = 8;
const NOTES = { open: 1, entered: 2, left: 3, ask: 4 } as const;

export type Note =
  | { readonly type: "open"; readonly from: PeerId; readonly to: PeerId }
  | { readonly type: "entered"; readonly epoch: number }
  | { readonly type: "left" }
  | { readonly type: "ask" };

/** A frame is to be handed back. */
export type MailRecord = Note | { readonly type: "frame"; readonly frame: Uint8Array };

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
  if (type === NOTES.ask && id === 0 && value === 0) return { type: "ask" };
  throw from.corrupt("a note that opens, enters, leaves or asks", `type ${type}, peer ${id}, epoch ${value}`);
}

export interface MailReaderOptions {
  readonly limits: PeerLimits;
  /** The newest epoch known here. */
  readonly epoch: () => number;
  /** Where large frames arrive. */
  readonly blocks: BlockPool;
}

/**
 * Cuts a stream of mail into records. A frame is whole but its checksum was not looked at. What a sender has announced but
 * not sent takes no memory.
 */
export class MailReader {
  readonly #limits: PeerLimits;
  readonly #epoch: () => number;
  readonly #blocks: BlockPool;
  readonly #rounds = new Map<string, { messages: number; bytes: number }>();
  /** What was not read yet. */
  readonly #pieces: Uint8Array[] = [];
  /** The head of the next record. */
  readonly #head = new Uint8Array(FRAME_BYTES);
  #headLength = 0;
  /** The record that begins with it. */
  #record: Arriving | undefined;
  #sender: PeerId | undefined;

  constructor(options: MailReaderOptions) {
    this.#limits = options.limits;
    this.#epoch = options.epoch;
    this.#blocks = options.blocks;
  }

  /**
   * The records that these bytes complete; those that the caller did not come to are the first of the next call.
   * @throws {CorruptError} if they break the format or a limit
   */
  *read(chunks: Iterable<Uint8Array>): Generator<MailRecord> {
    this.#pieces.push(...chunks);
    for (let piece = this.#pieces[0]; piece !== undefined; piece = this.#pieces[0]) {
      const taken = this.#record === undefined ? this.#begin(piece) : this.#record.take(piece);
      if (taken === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(taken);
      const record = this.#record?.whole;
      if (record === undefined) continue;
      this.#record = undefined;
      this.#headLength = 0;
      yield this.#recordOf(record);
    }
  }

  /** Nothing more is read. */
  close(): void {
    this.#record?.drop();
    this.#record = undefined;
    this.#pieces.length = 0;
  }

  /** Takes bytes of a head. @returns how many */
  #begin(bytes: Uint8Array): number {
    const wanted = (this.#headLength === 0 ? bytes[0] : this.#head[0]) === 0 ? NOTE_BYTES : FRAME_BYTES;
    const count = Math.min(bytes.length, wanted - this.#headLength);
    this.#head.set(bytes.subarray(0, count), this.#headLength);
    this.#headLength += count;
    if (this.#head[0] !== 0 && this.#head[0] !== 1) {
      throw new CorruptError("mail", { expected: "a record that begins with 0 or 1", got: this.#head[0] });
    }
    if (this.#headLength < wanted) return count;
    this.#record = new Arriving(this.#head[0] === 0 ? NOTE_BYTES : this.#sizeOfFrame(), this.#blocks);
    this.#record.take(this.#head.subarray(0, wanted));
    return count;
  }

  #recordOf(record: Uint8Array): MailRecord {
    if (record[0] !== 0) return { type: "frame", frame: record };
    const note = readNote(record);
    this.#order(note);
    return note;
  }

  #sizeOfFrame(): number {
    const { header, bodyLength } = readHeader(this.#head);
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
