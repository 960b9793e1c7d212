/**
 * One receiving end per sender, for aggregators that look at each sender's vector.
 */
import { CorruptError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Receiver, Settled } from "../channels/channel.ts";
import { kernels } from "../kernels/index.ts";
import type { AggregationSetup } from "./aggregator.ts";

export interface NamedReceiver {
  /** `from/3` */
  readonly name: string;
  readonly receiver: Receiver;
}

export function receivers({
  channel,
  senders,
  layout,
  keeper,
  replicated,
}: AggregationSetup): readonly NamedReceiver[] {
  const make = () => channel.receiver(layout.length, layout);
  return senders.map((id) => {
    const name = `from/${id}`;
    return { name, receiver: keeper?.end(name, make, { other: id, ...(replicated && { replicated }) }) ?? make() };
  });
}

/** The receivers by name, as a round settles them. */
export const endsOf = (receivers: readonly NamedReceiver[]): [string, Settled][] =>
  receivers.map(({ name, receiver }) => [name, receiver]);

/** Decodes into `out`. False if the message holds no vector of finite entries: then its sender is faulty. */
export function decodes({ receiver }: NamedReceiver, message: Uint8Array, out: Float32Array, rng: Random): boolean {
  try {
    receiver.decode(message, out, rng);
  } catch (error) {
    if (error instanceof CorruptError) return false;
    throw error;
  }
  return kernels.allFinite(out);
}
