/**
 * The note of a round stands behind each message, in one byte, so that the message keeps its alignment.
 */
import { CorruptError } from "../base/errors.ts";
import type { Note } from "./pattern.ts";

export const NOTE_BYTES = 1;

export const withNote = (message: Uint8Array, note: Note): Uint8Array[] => [message, Uint8Array.of(note)];

/** @throws {CorruptError} if there is no byte */
export function splitNote(body: Uint8Array): { message: Uint8Array; note: Note } {
  const note = body.at(-1);
  if (note === undefined) throw new CorruptError("message of a round", { expected: "a note", got: "0 bytes" });
  return { message: body.subarray(0, -1), note };
}
