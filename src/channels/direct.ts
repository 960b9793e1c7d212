/**
 * Direct: each vector is compressed for itself; nothing is remembered.
 *
 *     sender:    send C(u)
 *     receiver:  r = C(u)
 *
 * Sound for exact and unbiased compressors. A biased one can make several workers diverge: give it error feedback.
 */
import type { Random } from "../base/random.ts";
import type { Codec, Compressor } from "../compressors/compressor.ts";
import type { Channel, SavedChannel, Sender } from "./channel.ts";
import { MessageBuffer, openCodec, restoreNothing, StatelessReceiver } from "./ends.ts";

export function direct(compressor: Compressor): Channel {
  const name = `direct(${compressor.name})`;
  return {
    name,
    maxBytes: (length, layout) => compressor.open(length, layout).maxBytes,
    sender: (length, layout) => new DirectSender(openCodec(compressor, name, length, layout), length, name),
    receiver: (length, layout) => new StatelessReceiver(openCodec(compressor, name, length, layout), length, name),
  };
}

class DirectSender implements Sender {
  readonly #codec: Codec;
  readonly #where: string;
  readonly #buffer: MessageBuffer;

  constructor(codec: Codec, length: number, where: string) {
    this.#codec = codec;
    this.#where = where;
    this.#buffer = new MessageBuffer(codec, length, where);
  }

  encode(x: Float32Array, rng: Random): Uint8Array {
    this.#codec.encode(x, this.#buffer.begin(x), rng);
    return this.#buffer.message;
  }

  commit(): void {}

  rollback(): void {}

  save(): SavedChannel {
    return { shared: new Map(), private: new Map() };
  }

  restore(saved: SavedChannel): void {
    restoreNothing(saved, this.#where);
  }
}
