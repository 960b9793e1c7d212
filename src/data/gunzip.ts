/**
 * Takes gzip off a file. DecompressionStream runs in Node, workers and browsers alike.
 */
import { DataError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";
import { LIMITS } from "./limits.ts";

/** Told by the first two bytes, not by the name. */
export const isGzipped = (file: Uint8Array): boolean => file[0] === 0x1f && file[1] === 0x8b;

/**
 * The content of a file that may or may not be gzipped.
 * @param where names the file in errors
 * @param limit bytes allowed after unpacking: a small file can unpack to a thousand times its size
 * @throws {DataError} if the gzip stream is damaged or unpacks to more than `limit`
 */
export async function gunzip(
  file: Uint8Array,
  where: string,
  limit: number = LIMITS.unpackedBytes,
): Promise<Uint8Array> {
  if (!isGzipped(file)) return file;
  let content = new Uint8Array(Math.min(saidLength(file), limit));
  let length = 0;
  for await (const piece of unpacked(only(file), where, limit)) {
    if (length + piece.length > content.length) {
      const larger = new Uint8Array(Math.max(length + piece.length, Math.min(limit, 2 * length)));
      larger.set(content.subarray(0, length));
      content = larger;
    }
    content.set(piece, length);
    length += piece.length;
  }
  return content.subarray(0, length);
}

/** As `gunzip`, of a file in pieces that is gzipped. */
export async function* unpacked(
  pieces: AsyncIterable<Uint8Array>,
  where: string,
  limit: number = LIMITS.unpackedBytes,
): AsyncGenerator<Uint8Array, undefined> {
  const iterator = pieces[Symbol.asyncIterator]();
  const reader = streamOf(iterator).pipeThrough(new DecompressionStream("gzip")).getReader();
  let length = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.length;
      if (length > limit)
        throw new DataError(where, { expected: `at most ${formatBytes(limit)} unpacked`, got: "more" });
      yield next.value;
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const hint = "The file is cut short or damaged: fetch it again.";
    throw new DataError(where, { expected: "a whole gzip stream", got: "another", hint, cause });
  } finally {
    await reader.cancel().catch(() => {}); // of a stream that has failed the failure is known
    await iterator.return?.();
  }
}

/** The length that a gzip file says its content has; no more than its bytes can hold. */
function saidLength(file: Uint8Array): number {
  if (file.length < 4) return 0;
  const said = new DataView(file.buffer, file.byteOffset, file.byteLength).getUint32(file.length - 4, true);
  return Math.min(said, RATIO * file.length);
}

/** Bits of content for one bit of deflate, at the most. */
const RATIO = 1032;
const PIECE = 65_536;

async function* only(file: Uint8Array): AsyncGenerator<Uint8Array, undefined> {
  for (let at = 0; at < file.length; at += PIECE) yield file.subarray(at, at + PIECE);
}

function streamOf(pieces: AsyncIterator<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(
    {
      async pull(controller) {
        const next = await pieces.next();
        if (next.done) controller.close();
        else controller.enqueue(new Uint8Array(next.value)); // a copy: pieces are lent
      },
    },
    { highWaterMark: 0 },
  );
}
