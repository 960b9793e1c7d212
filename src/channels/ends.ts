/**
 * What the ends of channels share: a message buffer, the receiver of channels that remember nothing there, and state
 * that both ends mirror.
 */
import { ConfigError, CorruptError, NonFiniteError } from "../base/errors.ts";
import { checkLength, type Layout } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import { type NamedVectors, restoreInto } from "../base/state.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { MAX_BODY_BYTES, MAX_LENGTH } from "../coding/limits.ts";
import type { Codec, Compressor } from "../compressors/compressor.ts";
import { bytesVector, kernels } from "../kernels/index.ts";
import type { Receiver, SavedChannel } from "./channel.ts";

/** @throws {ConfigError} if a vector of this length, or its message, does not fit a frame */
export function openCodec(compressor: Compressor, where: string, length: number, layout?: Layout): Codec {
  if (!(Number.isInteger(length) && length >= 0 && length <= MAX_LENGTH)) {
    throw new ConfigError(where, {
      expected: `0 to ${MAX_LENGTH} entries`,
      got: length,
      hint: "Cut the vector in parts.",
    });
  }
  const codec = compressor.open(length, layout);
  if (codec.maxBytes > MAX_BODY_BYTES) {
    throw new ConfigError(where, { expected: `messages of at most ${MAX_BODY_BYTES} bytes`, got: codec.maxBytes });
  }
  return codec;
}

/** One message at a time, in the kernels' memory, where codecs pack in place. */
export class MessageBuffer {
  readonly #sink: ByteSink;
  readonly #maxBytes: number;
  readonly #length: number;
  readonly #where: string;

  constructor(maxBytes: number, length: number, where: string) {
    this.#sink = new ByteSink(bytesVector(maxBytes));
    this.#maxBytes = maxBytes;
    this.#length = length;
    this.#where = where;
  }

  /** An empty sink for the message of x. @throws {ShapeError} */
  begin(x: Float32Array): ByteSink {
    checkLength(x, this.#length, this.#where);
    return this.#sink.reset();
  }

  get message(): Uint8Array {
    return this.#sink.written;
  }

  /** A copy of a message that came, until the next one. @throws {CorruptError} if it is longer than any that was meant */
  copy(message: Uint8Array): Uint8Array {
    if (message.length > this.#maxBytes) {
      throw new CorruptError(this.#where, { expected: `at most ${this.#maxBytes} bytes`, got: message.length });
    }
    return this.#sink.reset().bytes(message).written;
  }
}

/** Finite messages may still have an infinite sum. @throws {CorruptError} */
export function checkReceived(out: Float32Array, where: string): void {
  if (!kernels.allFinite(out)) throw new CorruptError(where, { expected: "messages that come to finite entries" });
}

/**
 * Of the sum of a vector that was received and of others: what is not finite is either the fault of who sent it, or of nobody,
 * where the training diverges. @throws {CorruptError} {NonFiniteError}
 */
export function checkSum(sum: Float32Array, received: Float32Array, where: string): void {
  if (kernels.allFinite(sum)) return;
  checkReceived(received, where);
  throw new NonFiniteError(where, { expected: "vectors whose sum is finite" });
}

const NOTHING: NamedVectors = new Map();

/** Decodes each message for itself. */
export class StatelessReceiver implements Receiver {
  readonly #codec: Codec;
  readonly #length: number;
  readonly #where: string;

  constructor(codec: Codec, length: number, where: string) {
    this.#codec = codec;
    this.#length = length;
    this.#where = where;
  }

  decode(message: Uint8Array, out: Float32Array, rng: Random): void {
    checkLength(out, this.#length, this.#where);
    this.#codec.decode(new ByteSource(message, this.#where), out, rng);
  }

  decodeAdd(message: Uint8Array, out: Float32Array, weight: number, rng: Random): void {
    checkLength(out, this.#length, this.#where);
    this.#codec.decodeAdd(new ByteSource(message, this.#where), out, weight, rng);
  }

  commit(): void {}

  rollback(): void {}

  save(): SavedChannel {
    return { shared: NOTHING, private: NOTHING };
  }

  restore(saved: SavedChannel): void {
    restoreNothing(saved, this.#where);
  }
}

/** @throws {CheckpointError} if there is something to restore after all */
export function restoreNothing(saved: SavedChannel, where: string): void {
  restoreInto(NOTHING, saved.shared, where);
  restoreInto(NOTHING, saved.private, where);
}

/**
 * Restores an end of which all is mirrored. What is shared comes from other peers, hence the look at it.
 * @throws {CheckpointError} {NonFiniteError}
 */
export function restoreMirrored(vectors: NamedVectors, saved: SavedChannel, where: string): void {
  restoreInto(NOTHING, saved.private, where);
  for (const [name, values] of saved.shared) {
    if (!kernels.allFinite(values)) throw new NonFiniteError(`${where}: ${name}`, { expected: "finite entries" });
  }
  restoreInto(vectors, saved.shared, where);
}
