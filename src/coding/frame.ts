/**
 * Frame: what travels between two peers, a header of 24 bytes and a body. Little-endian.
 *
 *      0  u8   version, 1           8  u16  sender
 *      1  u8   kind                10  u16  part
 *      2  u8   attempt             12  u32  round
 *      3  u8   reserved, 0         16  u32  body length
 *      4  u32  view epoch          20  u32  checksum of the body (from 0), continued over bytes 0 … 19
 *
 * The checksum finds damage, not malice. No field names the receiver: one frame serves all that a body is sent to.
 */
import { assert, CorruptError } from "../base/errors.ts";
import { type Bytes, bytes } from "../base/units.ts";
import { kernels } from "../kernels/index.ts";
import { KINDS, type Kind, type Tag } from "../ports/peer.ts";
import { type PeerId, peerId } from "../ports/view.ts";
import { ByteSink, ByteSource } from "./bytes.ts";
import { MAX_BODY_BYTES } from "./limits.ts";

export const FRAME_BYTES: Bytes = bytes(24);
const VERSION = 1;
const SUMMED_BYTES = 20;

export interface FrameHeader extends Required<Tag> {
  readonly epoch: number;
  readonly sender: PeerId;
}

export interface Frame {
  readonly header: FrameHeader;
  /** A view of the frame's bytes. */
  readonly body: Uint8Array;
}

const kindOf: ReadonlyMap<number, Kind> = new Map(
  // Object.entries forgets that the keys of KINDS are kinds.
  (Object.entries(KINDS) as [Kind, number][]).map(([kind, code]) => [code, kind]),
);

/** Writes the header of a frame with this body, for a sender that passes the body on without copying it. */
export function writeHeader(header: FrameHeader, body: Uint8Array, into: ByteSink): void {
  assert(body.length <= MAX_BODY_BYTES, `a body has at most ${MAX_BODY_BYTES} bytes, not ${body.length}`);
  const start = into.length;
  into.u8(VERSION).u8(KINDS[header.kind]).u8(header.attempt).u8(0).u32(header.epoch);
  into.u16(header.sender).u16(header.part).u32(header.round).u32(body.length);
  into.u32(checksumOf(into.written.subarray(start), body));
}

/** Writes header and body. @param body may be given in parts, which are joined */
export function writeFrame(header: FrameHeader, body: Uint8Array | readonly Uint8Array[], into: ByteSink): void {
  const head = into.room(FRAME_BYTES);
  const start = into.length;
  for (const part of body instanceof Uint8Array ? [body] : body) into.bytes(part);
  writeHeader(header, into.written.subarray(start), new ByteSink(head));
}

/**
 * Reads the first 24 bytes of a frame: what it is, and how long its body will be. The checksum is not looked at yet.
 * @throws {CorruptError} if they are no header of this version, or announce a body above the limit
 */
export function readHeader(frame: Uint8Array): { readonly header: FrameHeader; readonly bodyLength: number } {
  const from = new ByteSource(frame, "frame");
  const version = from.u8();
  if (version !== VERSION) throw from.corrupt(`a frame of version ${VERSION}`, version);
  const code = from.u8();
  const kind = kindOf.get(code);
  if (kind === undefined) throw from.corrupt(`a kind: ${[...kindOf.keys()].join(", ")}`, code);
  const attempt = from.u8();
  const reserved = from.u8();
  if (reserved !== 0) throw from.corrupt("a reserved byte of 0", reserved);
  const epoch = from.u32();
  const sender = peerId(from.u16());
  const part = from.u16();
  const round = from.u32();
  const bodyLength = from.u32();
  if (bodyLength > MAX_BODY_BYTES) throw from.corrupt(`a body of at most ${MAX_BODY_BYTES} bytes`, bodyLength);
  from.u32();
  return { header: { kind, attempt, epoch, sender, part, round }, bodyLength };
}

/** @throws {CorruptError} unless `frame` is one whole, undamaged frame */
export function readFrame(frame: Uint8Array): Frame {
  const { header, bodyLength } = readHeader(frame);
  const body = frame.subarray(FRAME_BYTES);
  if (body.length !== bodyLength) {
    throw new CorruptError("frame", { expected: `a body of ${bodyLength} bytes`, got: `${body.length}` });
  }
  const sent = new ByteSource(frame.subarray(SUMMED_BYTES, FRAME_BYTES)).u32();
  if (sent !== checksumOf(frame.subarray(0, SUMMED_BYTES), body)) {
    throw new CorruptError("frame", {
      expected: "the checksum of what came",
      hint: "The frame was damaged on its way.",
    });
  }
  return { header, body };
}

const checksumOf = (head: Uint8Array, body: Uint8Array): number => kernels.checksum(head, kernels.checksum(body, 0));
