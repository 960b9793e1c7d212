/**
 * Files in pieces: a reader sees the bytes of its file twice, so that arrays are made once, at their length, and no more of
 * the file lies in memory than one piece and what a piece has cut.
 */
import { DataError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";
import type { Dataset } from "../ports/dataset.ts";
import { LIMITS } from "./limits.ts";

/** The bytes of a file from its beginning to its end. A piece is lent: it may be written over when `push` has returned. */
export interface Pass {
  push(piece: Uint8Array): void;
  end(): void;
}

export interface PieceReader {
  /** Finds out what the arrays must hold. */
  readonly first: Pass;
  /** Fills them. @throws {DataError} if the file is another than in the first pass */
  readonly second: Pass;
  /** Once both have ended. */
  dataset(): Dataset;
}

/** @param open gives the pieces of the file, from its beginning, as often as it is called */
export async function readInPieces(open: () => AsyncIterable<Uint8Array>, reader: PieceReader): Promise<Dataset> {
  for (const pass of [reader.first, reader.second]) {
    for await (const piece of open()) pass.push(piece);
    pass.end();
  }
  return reader.dataset();
}

/** As `readInPieces`, of bytes at hand. */
export function readAtOnce(bytes: Uint8Array, reader: PieceReader): Dataset {
  for (const pass of [reader.first, reader.second]) {
    pass.push(bytes);
    pass.end();
  }
  return reader.dataset();
}

/** Where a pass gets other bytes than the one before. */
export const fileChanged = (where: string): DataError =>
  new DataError(where, { expected: "a file that stays as it is while it is read", got: "another at the second pass" });

/** A pass over records: one that a piece has cut is kept until the rest of it comes. */
export class Records implements Pass {
  readonly #read: (bytes: Uint8Array, isLast: boolean) => number;
  readonly #where: () => string;
  readonly #limit: number;
  #room = new Uint8Array(0);
  #kept = 0;
  /** How many of the bytes kept are known to hold no whole record. */
  #tried = 0;

  /**
   * @param read takes the whole records that bytes begin with, all of them if `isLast`, and tells how many bytes they are
   * @param where names the record that is read, for errors
   * @param limit bytes of a record
   */
  constructor(
    read: (bytes: Uint8Array, isLast: boolean) => number,
    where: () => string,
    limit: number = LIMITS.recordBytes,
  ) {
    this.#read = read;
    this.#where = where;
    this.#limit = limit;
  }

  /** @throws {DataError} if a record is too long */
  push(piece: Uint8Array): void {
    const bytes = this.#kept === 0 ? piece : this.#joined(piece);
    // A record of many pieces is tried at twice its length, not at every piece: the time stays linear in its length.
    if (bytes.length >= 2 * this.#tried) this.#take(bytes);
  }

  end(): void {
    if (this.#kept > 0) this.#read(this.#room.subarray(0, this.#kept), true);
  }

  #joined(piece: Uint8Array): Uint8Array {
    this.#reserve(this.#kept + piece.length);
    this.#room.set(piece, this.#kept);
    this.#kept += piece.length;
    return this.#room.subarray(0, this.#kept);
  }

  #take(bytes: Uint8Array): void {
    const rest = bytes.subarray(this.#read(bytes, false));
    if (rest.length > this.#limit) {
      const hint = "Is this a text file, and is every quote closed?";
      throw new DataError(this.#where(), {
        expected: `a line of at most ${formatBytes(this.#limit)}`,
        got: "more",
        hint,
      });
    }
    this.#reserve(rest.length);
    this.#room.set(rest);
    this.#kept = rest.length;
    this.#tried = rest.length;
  }

  #reserve(length: number): void {
    if (length <= this.#room.length) return;
    const larger = new Uint8Array(Math.max(length, 2 * this.#room.length));
    larger.set(this.#room.subarray(0, this.#kept));
    this.#room = larger;
  }
}
