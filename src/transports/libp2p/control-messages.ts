/**
 * What members tell each other beside the mail of their programs, and how it is written: a u32 of length, a type, fields.
 * Little-endian.
 */
import { CorruptError } from "../../base/errors.ts";
import { ByteSink, ByteSource } from "../../coding/bytes.ts";
import { type PeerId, peerId } from "../../ports/view.ts";
import type { Accusation } from "./accusations.ts";
import { ByteQueue } from "./byte-queue.ts";
import { type Decision, readCertificate, writeCertificate } from "./certificate.ts";
import { SIGNATURE_BYTES } from "./keys.ts";
import { REVOCATIONS_BYTES_MAX } from "./revocations.ts";
import { CONTROL_BYTES_MAX, REASON_BYTES_MAX } from "./swarm-limits.ts";
import { readText, readView, type SwarmView, writeText, writeView } from "./swarm-view.ts";

/** A proposal that a member has voted for. */
export interface Proposal {
  readonly ballot: number;
  readonly view: SwarmView;
}

export type ControlMessage =
  /** The first on a stream: who writes to whom, and the newest view that it knows. */
  | { readonly type: "hello"; readonly from: PeerId; readonly to: PeerId; readonly epoch: number }
  | { readonly type: "alive"; readonly epoch: number }
  /** To the leader: the sender has lost a member, or found it again. */
  | { readonly type: "link"; readonly id: PeerId; readonly state: "up" | "down"; readonly why: string }
  /** To all, who pass it on once: a member has seen another break a limit (`accusations.ts`). */
  | ({ readonly type: "accusation" } & Accusation)
  /** To all: a view without the sender, please. */
  | { readonly type: "leave" }
  /** `epoch` is that of the view which is to follow; `succession.ts` has the rules. */
  | { readonly type: "prepare"; readonly epoch: number; readonly ballot: number }
  | { readonly type: "promise"; readonly epoch: number; readonly ballot: number; readonly accepted?: Proposal }
  | { readonly type: "accept"; readonly epoch: number; readonly ballot: number; readonly view: SwarmView }
  | { readonly type: "accepted"; readonly epoch: number; readonly ballot: number; readonly vote: Uint8Array }
  | { readonly type: "refuse"; readonly epoch: number; readonly ballot: number; readonly promised: number }
  | ({ readonly type: "commit" } & Decision)
  /** The signed list of revoked tickets that the sender knows, as it was signed (`revocations.ts`). */
  | { readonly type: "revoked"; readonly list: Uint8Array }
  /** The program of the sender has gone on to a view, or has left; told here where no mail was ever sent. */
  | { readonly type: "entered"; readonly epoch: number }
  | { readonly type: "left" }
  /** All mail came that the receiver sent before it asked; one for each of its notes that ask. */
  | { readonly type: "arrived" };

/** Of a proposer. */
export type Question = Extract<ControlMessage, { readonly type: "prepare" | "accept" }>;

/** To a question of a proposer. */
export type Answer = Extract<ControlMessage, { readonly type: "promise" | "accepted" | "refuse" }>;

const TYPES: readonly ControlMessage["type"][] = [
  "hello",
  "alive",
  "link",
  "leave",
  "prepare",
  "promise",
  "accept",
  "accepted",
  "refuse",
  "commit",
  "entered",
  "left",
  "revoked",
  "arrived",
  "accusation",
];
const STATES = ["up", "down"] as const;

const sink = new ByteSink(CONTROL_BYTES_MAX);

export function writeControl(message: ControlMessage): Uint8Array {
  sink.reset().u32(0).u8(TYPES.indexOf(message.type));
  writeFields(message);
  const written = sink.written.slice();
  new ByteSink(written).u32(written.length - 4);
  return written;
}

function writeFields(message: ControlMessage): void {
  switch (message.type) {
    case "hello":
      sink.u16(message.from).u16(message.to).u32(message.epoch);
      return;
    case "alive":
    case "entered":
      sink.u32(message.epoch);
      return;
    case "link":
      sink.u16(message.id).u8(STATES.indexOf(message.state));
      writeText(message.why.slice(0, REASON_BYTES_MAX / 4), sink);
      return;
    case "commit":
      writeView(message.view, sink);
      writeCertificate(message.certificate, sink);
      return;
    case "accusation":
      sink.u16(message.by).u16(message.id).bytes(message.signature);
      writeText(message.why, sink);
      return;
    case "revoked":
      sink.u32(message.list.length).bytes(message.list);
      return;
    case "leave":
    case "left":
    case "arrived":
      return;
    default:
      sink.u32(message.epoch).u32(message.ballot);
  }
  if (message.type === "accept") writeView(message.view, sink);
  else if (message.type === "refuse") sink.u32(message.promised);
  else if (message.type === "accepted") sink.bytes(message.vote);
  else if (message.type === "promise") {
    sink.u8(message.accepted === undefined ? 0 : 1);
    if (message.accepted === undefined) return;
    sink.u32(message.accepted.ballot);
    writeView(message.accepted.view, sink);
  }
}

/** @param body without its length @throws {CorruptError} */
export function readControl(body: Uint8Array): ControlMessage {
  const from = new ByteSource(body, "control message");
  const code = from.u8();
  const type = TYPES[code];
  if (type === undefined) throw from.corrupt(`a type below ${TYPES.length}`, code);
  const message = readFields(type, from);
  from.end();
  return message;
}

function readFields(type: ControlMessage["type"], from: ByteSource): ControlMessage {
  switch (type) {
    case "hello":
      return { type, from: peerId(from.u16()), to: peerId(from.u16()), epoch: from.u32() };
    case "alive":
    case "entered":
      return { type, epoch: from.u32() };
    case "link": {
      const id = peerId(from.u16());
      const state = STATES[from.u8()];
      if (state === undefined) throw from.corrupt(`a state: ${STATES.join(", ")}`);
      return { type, id, state, why: readText(from, REASON_BYTES_MAX) };
    }
    case "commit":
      return { type, view: readView(from), certificate: readCertificate(from) };
    case "accusation": {
      const [by, id] = [peerId(from.u16()), peerId(from.u16())];
      const signature = from.bytes(SIGNATURE_BYTES).slice();
      return { type, by, id, signature, why: readText(from, REASON_BYTES_MAX) };
    }
    case "revoked": {
      const length = from.u32();
      if (length > REVOCATIONS_BYTES_MAX)
        throw from.corrupt(`a list of at most ${REVOCATIONS_BYTES_MAX} bytes`, length);
      return { type, list: from.bytes(length).slice() };
    }
    case "leave":
    case "left":
    case "arrived":
      return { type };
  }
  const epoch = from.u32();
  const ballot = from.u32();
  if (type === "accept") return { type, epoch, ballot, view: readView(from) };
  if (type === "refuse") return { type, epoch, ballot, promised: from.u32() };
  if (type === "accepted") return { type, epoch, ballot, vote: from.bytes(SIGNATURE_BYTES).slice() };
  if (type !== "promise" || from.u8() === 0) return { type, epoch, ballot };
  return { type, epoch, ballot, accepted: { ballot: from.u32(), view: readView(from) } };
}

/** Cuts a stream into the bodies of messages. */
export class BodyReader {
  readonly #bytesMax: number;
  readonly #queue = new ByteQueue();

  /** @param bytesMax of one body */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The bodies that these bytes complete. @throws {CorruptError} */
  *read(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
    for (const piece of pieces) this.#queue.push(piece);
    while (this.#queue.length >= 4) {
      const length = new ByteSource(this.#queue.peek(4)).u32();
      if (length > this.#bytesMax) {
        throw new CorruptError("message", { expected: `at most ${this.#bytesMax} bytes`, got: length });
      }
      if (this.#queue.length < 4 + length) return;
      yield this.#queue.take(4 + length).subarray(4);
    }
  }
}
