/**
 * What every reader promises of hostile bytes, and what the tests of readers share.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../base/errors.ts";

/** Runs a reader on hostile bytes; only a `DataError` may come out. */
export function dataErrorOnly(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
  }
}

/** Public data sets beside the repository, which not every machine has. */
export const PUBLIC_DATA: string = join(import.meta.dirname, "../../../shared/data");

/** Options of a test that needs a public file: skipped, with the reason, where it is absent. */
export const needs = (file: string): { skip: string | false } => ({
  skip: existsSync(join(PUBLIC_DATA, file)) ? false : `no ${file} in ${PUBLIC_DATA}`,
});

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
