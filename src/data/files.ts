/**
 * The only door from the readers to the file system; everything behind it works on bytes.
 */
import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { DataError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";
import { gunzip, isGzipped, unpacked } from "./gunzip.ts";
import { LIMITS } from "./limits.ts";

/** The content of a regular file, gzip taken off. A URL that is no `file:` is fetched: so browsers read bundled data. */
export async function readData(path: string | URL): Promise<Uint8Array> {
  const where = String(path);
  const bytes = path instanceof URL && path.protocol !== "file:" ? await fetched(path) : await readFile(path);
  return gunzip(bytes, where);
}

/** Bytes that are read at once. */
const PIECE = 262_144;

/** As `readData`, of a path, in pieces. A piece is lent until the next one is asked for. */
export async function* piecesOf(path: string): AsyncGenerator<Uint8Array, undefined> {
  const file = await opened(path);
  try {
    const begin = new Uint8Array(2);
    await file.read(begin, 0, begin.length, 0);
    const pieces = readFrom(file, path);
    yield* isGzipped(begin) ? unpacked(pieces, path) : pieces;
  } finally {
    await file.close();
  }
}

async function opened(path: string): Promise<FileHandle> {
  const fs = await fileSystem(path);
  try {
    checkKind(path, await fs.stat(path)); // first: opening a pipe would wait for whoever writes to it
    return await fs.open(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function* readFrom(file: FileHandle, path: string): AsyncGenerator<Uint8Array, undefined> {
  const piece = new Uint8Array(PIECE);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(piece, 0, PIECE, at).catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    if (bytesRead === 0) return;
    at += bytesRead;
    if (at > LIMITS.fileBytes) throw tooLarge(path, at);
    yield piece.subarray(0, bytesRead);
  }
}

/** Names of the files in a folder, sorted. @throws {DataError} if there is no such folder */
export async function namesIn(folder: string): Promise<string[]> {
  const { readdir } = await fileSystem(folder);
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (cause) {
    throw new DataError(folder, { expected: "a folder that can be read", got: codeOf(cause), cause });
  }
}

async function readFile(path: string | URL): Promise<Uint8Array> {
  const where = String(path);
  const fs = await fileSystem(where);
  try {
    checkKind(where, await fs.stat(path));
    return await fs.readFile(path);
  } catch (cause) {
    throw unreadable(where, cause);
  }
}

function checkKind(where: string, found: Stats): void {
  if (!found.isFile()) throw new DataError(where, { expected: "a file", got: "a folder or device" });
  if (found.size > LIMITS.fileBytes) throw tooLarge(where, found.size);
}

async function fetched(url: URL): Promise<Uint8Array> {
  const answer = await fetch(url).catch((cause: unknown) => {
    throw new DataError(url.href, { expected: "an address that answers", got: codeOf(cause), cause });
  });
  if (!answer.ok) throw new DataError(url.href, { expected: "status 200", got: answer.status });
  return new Uint8Array(await answer.arrayBuffer());
}

async function fileSystem(where: string): Promise<typeof import("node:fs/promises")> {
  try {
    return await import("node:fs/promises");
  } catch (cause) {
    throw new DataError(where, {
      expected: "a file system",
      got: "none",
      hint: "A browser reads only bundled data.",
      cause,
    });
  }
}

const unreadable = (where: string, cause: unknown): DataError =>
  cause instanceof DataError
    ? cause
    : new DataError(where, { expected: "a file that can be read", got: codeOf(cause), cause });

const tooLarge = (where: string, size: number): DataError =>
  new DataError(where, { expected: `a file of at most ${formatBytes(LIMITS.fileBytes)}`, got: formatBytes(size) });

/** `ENOENT` and its like where the system gave one. */
const codeOf = (cause: unknown): string =>
  cause instanceof Error ? ("code" in cause ? String(cause.code) : cause.message) : String(cause);
