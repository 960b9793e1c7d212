/**
 * The note of a round stands behind each message, in one byte, so that the message keeps its alignment.
 */
import { CorruptError } from "../base/errors.ts";
import type { Peer } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";
import type { Note } from "./pattern.ts";

export const NOTE_BYTES = 1;

export const withNote = (message: Uint8Array, note: Note): Uint8Array[] => [message, Uint8Array.of(note)];

/** @throws {CorruptError} if there is no byte */
export function splitNote(body: Uint8Array): { message: Uint8Array; note: Note } {
  const note = body.at(-1);
  if (note === undefined) throw new CorruptError("message of a round", { expected: "a note", got: "0 bytes" });
  return { message: body.subarray(0, -1), note };
}

/**
 * As `splitNote`, of the share of a member. Where members come and go only rank 0 ends a run, so that no other can.
 * @throws {CorruptError} also for a note that is not this member's to tell
 */
export function splitShare(
  body: Uint8Array,
  from: PeerId,
  { view }: Pick<Peer, "view">,
  elastic = false,
): { message: Uint8Array; note: Note } {
  const { message, note } = splitNote(body);
  if (note === 0 || !elastic || from === view.members[0]) return { message, note };
  throw new CorruptError("note of a round", { expected: "0, since rank 0 alone tells notes", got: note });
}

/** As `splitNote`, of a result, which no note has beside it. @throws {CorruptError} */
export function splitResult(body: Uint8Array): { message: Uint8Array; note: Note } {
  const { message, note } = splitNote(body);
  if (note === 0 || message.length === 0) return { message, note };
  throw new CorruptError("result of a round", { expected: "a note alone", got: `${message.length} more bytes` });
}
