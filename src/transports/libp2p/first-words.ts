/**
 * The first thing that a remote says on a stream, before it is known what the stream is for.
 */
import type { Stream } from "@libp2p/interface";
import { CorruptError, DeadlineError } from "../../base/errors.ts";
import { piecesOf } from "./lines.ts";

/** Strangers have this long to say what they want; long, for a machine may be busy with many of them. */
export const FIRST_WORDS_MS = 30_000;

/**
 * Reads until `take` returns a value. The stream is paused then: what follows waits for whoever takes it.
 * @throws {CorruptError} if the stream ends first, or as `take` does; {DeadlineError}
 */
export function firstWords<T>(stream: Stream, take: (pieces: Iterable<Uint8Array>) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const hear = ({ data }: { readonly data: Parameters<typeof piecesOf>[0] }) => {
      try {
        const value = take(piecesOf(data));
        if (value === undefined) return;
        stream.pause();
        finish();
        resolve(value);
      } catch (error) {
        fail(error);
      }
    };
    const timer = setTimeout(() => {
      const expected = `a first message within ${FIRST_WORDS_MS / 1000} s`;
      fail(new DeadlineError("stream", { expected, got: "silence" }));
    }, FIRST_WORDS_MS).unref();
    const close = () => fail(new CorruptError("stream", { expected: "a first message", got: "its end" }));
    function finish(): void {
      clearTimeout(timer);
      stream.removeEventListener("message", hear);
      stream.removeEventListener("close", close);
      stream.removeEventListener("remoteCloseWrite", close);
    }
    function fail(error: unknown): void {
      finish();
      reject(error);
    }
    stream.addEventListener("message", hear);
    stream.addEventListener("close", close);
    stream.addEventListener("remoteCloseWrite", close);
    if (stream.status !== "open") close();
  });
}
