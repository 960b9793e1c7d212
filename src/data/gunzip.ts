/**
 * Takes gzip off a file if it is there. DecompressionStream runs in Node, workers and browsers alike.
 */
import { DataError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";
import { LIMITS } from "./limits.ts";

/**
 * The content of a file that may or may not be gzipped, told by its first two bytes and not by its name.
 * @param where names the file in errors
 * @param limit bytes allowed after unpacking: a small file can unpack to a thousand times its size
 * @throws {DataError} if the gzip stream is damaged or unpacks to more than `limit`
 */
export async function gunzip(
  file: Uint8Array,
  where: string,
  limit: number = LIMITS.unpackedBytes,
): Promise<Uint8Array> {
  if (file[0] !== 0x1f || file[1] !== 0x8b) return file;
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(Uint8Array.from(file));
      controller.close();
    },
  });
  const reader = packed.pipeThrough(new DecompressionStream("gzip")).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.length;
      if (length > limit) break;
      chunks.push(next.value);
    }
  } catch (cause) {
    const hint = "The file is cut short or damaged: fetch it again.";
    throw new DataError(where, {
      expected: "a whole gzip stream",
      got: `${file.length} bytes of another`,
      hint,
      cause,
    });
  }
  if (length > limit) {
    await reader.cancel();
    throw new DataError(where, { expected: `at most ${formatBytes(limit)} unpacked`, got: "more" });
  }
  return concatenated(chunks, length);
}

function concatenated(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
