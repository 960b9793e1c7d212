/**
 * How a note stops all peers of a gossip in the state after the same round, though it needs several rounds to reach them.
 *
 *     told before round s:  stop before round s + H            H: hops from any peer to any other (`hopsOf`)
 *     every message:        carries the earliest stop that its sender knows, and of equal ones the loudest
 *
 * H rounds later everyone has heard it, and a later stop loses against it at whoever told it; so all stop before the same
 * round, with the same note.
 */
import { CorruptError } from "../base/errors.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { splitNote } from "./notes.ts";
import type { Note } from "./pattern.ts";

interface Stop {
  readonly note: Note;
  /** The round that is not made any more. */
  readonly at: number;
}

const SILENCE = Uint8Array.of(0);

export class SpreadingNotes {
  readonly #hops: number;
  readonly #at = new ByteSink(4);
  #stop: Stop | undefined;

  constructor(hops: number) {
    this.#hops = hops;
  }

  /** @param note that this peer has to tell @returns the note that ends the gossip before this round; 0 to make it */
  begin(round: number, note: Note): Note {
    if (note !== 0) this.#hear({ note, at: round + this.#hops });
    if (this.#stop?.at !== round) return 0;
    const heard = this.#stop.note;
    this.#stop = undefined;
    return heard;
  }

  /** A message with what this peer knows behind it: nothing, or the round to stop at; and the note. */
  behind(parts: readonly Uint8Array[]): Uint8Array[] {
    const stop = this.#stop;
    if (stop === undefined) return [...parts, SILENCE];
    return [...parts, this.#at.reset().u32(stop.at).written, Uint8Array.of(stop.note)];
  }

  /** @returns the message without what stands behind it @throws {CorruptError} */
  split(body: Uint8Array, round: number): Uint8Array {
    const { message, note } = splitNote(body);
    if (note === 0) return message;
    const at = new ByteSource(message.subarray(-4), "note of a gossip").u32();
    if (!(at > round && at <= round + this.#hops)) {
      const expected = `a stop within ${this.#hops} rounds of round ${round}`;
      throw new CorruptError("note of a gossip", { expected, got: at });
    }
    this.#hear({ note, at });
    return message.subarray(0, -4);
  }

  #hear(stop: Stop): void {
    const known = this.#stop;
    const earlier = known === undefined || stop.at < known.at;
    if (earlier || (stop.at === known.at && stop.note > known.note)) this.#stop = stop;
  }
}
