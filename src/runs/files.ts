/**
 * Files of a run, written so that nothing half-written is ever found under its name.
 */
import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CheckpointError } from "../base/errors.ts";

/**
 * Makes a folder and those above it. Node's own recursive `mkdir` never returns where a parent exists but takes no
 * folder, as under /proc.
 * @throws the file system's error
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) === "EEXIST" && (await stat(path)).isDirectory()) return;
    const parent = dirname(path);
    if (codeOf(error) !== "ENOENT" || parent === path) throw error;
    await makeFolder(parent);
    await mkdir(path);
  }
}

/** Writes under a temporary name, flushes to disk, then renames. @throws {CheckpointError} on a full or read-only disk */
export async function writeAtomically(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await makeFolder(dirname(path));
    const file = await open(temporary, "w");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError(path, "a folder that can be written, with room on its disk", cause);
  }
}

/** A file that is written piece by piece under a temporary name, and renamed when it is whole. */
export class AtomicStream {
  readonly #path: string;
  readonly #temporary: string;
  readonly #stream: WriteStream;
  #pieces: string[] = [];
  #length = 0;
  #failure: unknown;

  private constructor(path: string) {
    this.#path = path;
    this.#temporary = `${path}.${process.pid}.tmp`;
    this.#stream = createWriteStream(this.#temporary, { flush: true });
    this.#stream.on("error", (error) => {
      this.#failure ??= error;
    });
  }

  /** @throws {CheckpointError} if its folder cannot be made */
  static async open(path: string): Promise<AtomicStream> {
    await makeFolder(dirname(path)).catch((cause) => {
      throw fileError(path, "a folder that can be written", cause);
    });
    return new AtomicStream(path);
  }

  readonly write = (text: string): void => {
    this.#pieces.push(text);
    this.#length += text.length;
    if (this.#length >= 1 << 16) this.#flush();
  };

  /** @throws {CheckpointError} for whatever went wrong since it was opened */
  async close(): Promise<void> {
    this.#flush();
    await new Promise<void>((resolve) => {
      if (this.#stream.destroyed) resolve();
      else this.#stream.once("close", resolve).end();
    });
    if (this.#failure === undefined)
      await rename(this.#temporary, this.#path).catch((cause) => (this.#failure = cause));
    if (this.#failure === undefined) return;
    await rm(this.#temporary, { force: true }).catch(() => {});
    throw fileError(this.#path, "a file that can be written, with room on its disk", this.#failure);
  }

  #flush(): void {
    if (!this.#stream.destroyed) this.#stream.write(this.#pieces.join(""));
    this.#pieces = [];
    this.#length = 0;
  }
}

/** Of a file: its name, and what is in it. */
export type NamedContent = readonly [name: string, content: Uint8Array | string];

/**
 * Fills a folder under a temporary name, then renames it: it is there whole or not at all. Replaces an older one.
 * @param files each is asked for when the one before is written
 */
export async function writeFolderAtomically(
  path: string,
  files: Iterable<NamedContent> | AsyncIterable<NamedContent>,
): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await rm(temporary, { recursive: true, force: true });
    await makeFolder(temporary);
    for await (const [name, content] of files) await writeAtomically(join(temporary, name), content);
    await rm(path, { recursive: true, force: true });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw cause instanceof CheckpointError ? cause : fileError(path, "a folder that can be written", cause);
  }
}

/** @throws {CheckpointError} if the file cannot be read */
export async function readWhole(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw fileError(path, "a file that can be read", cause);
  }
}

/** The error for a file or folder that cannot be used. */
export function fileError(path: string, expected: string, cause: unknown): CheckpointError {
  return new CheckpointError(path, { expected, got: codeOf(cause) ?? String(cause), cause });
}

/** `ENOENT`, `ENOSPC`, … */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error ? String(error.code) : undefined;
