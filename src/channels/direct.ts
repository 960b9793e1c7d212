/**
 * Direct: each vector is compressed for itself; nothing is remembered.
 *
 *     sender:    send C(u)
 *     receiver:  r = C(u)
 *
 * Sound for exact and unbiased compressors. A biased one can make several workers diverge: give it error feedback.
 */
import { checkLength } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import { checkArguments } from "../base/spec.ts";
import type { Codec, Compressor } from "../compressors/compressor.ts";
import type { Channel, SavedChannel, Sender } from "./channel.ts";
import { MessageBuffer, openCodec, restoreNothing, StatelessReceiver } from "./ends.ts";
import { type ChannelEntry, channelName } from "./entry.ts";

export function direct(compressor: Compressor): Channel {
  const name = channelName("direct", compressor);
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
  readonly #length: number;
  /** Of no use to a sender that only lends. */
  #buffer: MessageBuffer | undefined;

  constructor(codec: Codec, length: number, where: string) {
    this.#codec = codec;
    this.#where = where;
    this.#length = length;
  }

  encode(x: Float32Array, rng: Random): Uint8Array {
    this.#buffer ??= new MessageBuffer(this.#codec.maxBytes, this.#length, this.#where);
    this.#codec.encode(x, this.#buffer.begin(x), rng);
    return this.#buffer.message;
  }

  lend(x: Float32Array, rng: Random): Uint8Array {
    if (this.#codec.lend === undefined) return this.encode(x, rng);
    checkLength(x, this.#length, this.#where);
    return this.#codec.lend(x);
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

export const directEntry: ChannelEntry = {
  name: "direct",
  summary: "each vector for itself, nothing is remembered",
  law: "r = C(u)",
  memory: { sender: 0, receiver: 0 },
  options: [],
  parse(spec, compressor, where) {
    checkArguments(spec, where, 0);
    return direct(compressor);
  },
};
