/**
 * What every reader promises of hostile bytes, and what the tests of readers share.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../base/errors.ts";
import type { Dataset } from "../ports/dataset.ts";
import type { PieceReader } from "./pieces.ts";

/** Runs a reader on hostile bytes; only a `DataError` may come out. */
export function dataErrorOnly(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
  }
}

/**
 * What a reader gives of bytes that come in pieces of these lengths, in turn. A piece is overwritten when it was taken, as
 * the next one of a file would be.
 */
export function inPieces(bytes: Uint8Array, lengths: readonly number[], reader: PieceReader): Dataset {
  for (const pass of [reader.first, reader.second]) {
    for (let [at, i] = [0, 0]; at < bytes.length; i++) {
      const piece = bytes.slice(at, at + Math.max(1, lengths[i % lengths.length] ?? 1));
      at += piece.length;
      pass.push(piece);
      piece.fill(0x37);
    }
    pass.end();
  }
  return reader.dataset();
}

/** Public data sets beside the repository, which not every machine has. */
export const PUBLIC_DATA: string = join(import.meta.dirname, "../../../shared/data");

/** Options of a test that needs a public file: skipped, with the reason, where it is absent. */
export const needs = (file: string): { skip: string | false } => ({
  skip: existsSync(join(PUBLIC_DATA, file)) ? false : `no ${file} in ${PUBLIC_DATA}`,
});

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
