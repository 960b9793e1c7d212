/**
 * Buckets: the vector is cut in pieces, and each goes through the same pattern by itself, all at once. While one bucket is on
 * its way another is encoded, and where a pattern uses ports one after the other, as a tree or a server does, buckets fill
 * them all: a round of two stages of time t takes about (1 + 1/B) t for B buckets in place of 2t.
 *
 * Buckets are at most one entry apart, and each has a layout of its own. A peer encodes and decodes one thing at a time. The
 * same notes are told with every bucket, so either all count or none does.
 * @see Gan et al. 2021, "BAGUA: Scaling up Distributed Learning with System Relaxations", arXiv:2107.01499
 */
import { assert, ConfigError } from "../base/errors.ts";
import { checkLength, type Layout } from "../base/layout.ts";
import { bytes, type Seconds } from "../base/units.ts";
import type { Peer } from "../ports/peer.ts";
import { ReadingPeer } from "../rounds/reading-peer.ts";
import type { Round } from "../rounds/round.ts";
import { cut, type Slice } from "./all-reduce-schedule.ts";
import type { ExchangeMemory } from "./exchange-memory.ts";
import { layoutWithin } from "./layout-within.ts";
import type { Exchange, Note, Pattern, PatternSettings } from "./pattern.ts";
import { peerWith } from "./peer-with.ts";

export interface BucketOptions {
  /** Of a bucket, at most, as f32. */
  readonly bytes: number;
}

/** @throws {ConfigError} unless a bucket holds an entry, and all take part in every round */
export function buckets(inner: Pattern, options: BucketOptions): Pattern {
  const entries = Math.floor(options.bytes / 4);
  const name = `buckets(${options.bytes}, ${inner.name})`;
  if (!(entries >= 1)) throw new ConfigError(name, { expected: "buckets of at least 4 bytes", got: options.bytes });
  if (inner.partial === true) {
    throw new ConfigError(name, { expected: "a pattern in which all take part in every round", got: inner.name });
  }
  const slicesOf = (length: number): Slice[] => {
    const count = Math.max(1, Math.ceil(length / entries));
    return Array.from({ length: count }, (_, c) => cut(c, count, length));
  };
  return {
    name,
    open: (peer, layout, settings, memory) =>
      new BucketsEnd(inner, slicesOf(layout.length), { peer, layout, settings, memory }),
    uncompressedBytes: (view, length) =>
      bytes(slicesOf(length).reduce((sum, [start, end]) => sum + inner.uncompressedBytes(view, end - start), 0)),
  };
}

interface Opening {
  readonly peer: Peer;
  readonly layout: Layout;
  readonly settings: PatternSettings;
  readonly memory: ExchangeMemory;
}

class BucketsEnd implements Exchange {
  readonly #length: number;
  readonly #buckets: readonly { readonly slice: Slice; readonly peer: ReadingPeer; readonly exchange: Exchange }[];
  readonly #core: Core;

  constructor(inner: Pattern, slices: readonly Slice[], { peer, layout, settings, memory }: Opening) {
    this.#core = new Core(peer);
    this.#length = layout.length;
    this.#buckets = slices.map((slice, b) => {
      const reader = new ReadingPeer(this.#core.peer);
      const exchange = inner.open(reader, layoutWithin(layout, slice), settings, memory.within(`bucket/${b}`));
      return { slice, peer: reader, exchange };
    });
  }

  async average(
    own: Float32Array | null,
    out: Float32Array,
    round: Round,
    note: Note,
    answer?: (aggregate: Float32Array) => Float32Array,
  ): Promise<Note> {
    assert(answer === undefined, "buckets of an aggregate cannot be answered with another vector");
    for (const x of own === null ? [out] : [own, out]) checkLength(x, this.#length, "buckets");
    const count = this.#buckets.length;
    const told = await this.#core.all(
      this.#buckets.map(({ slice, peer, exchange }, b) => {
        const part = { ...round, part: (round.part ?? 0) * count + b };
        const vector = own?.subarray(...slice) ?? null;
        return peer.reading(() => exchange.average(vector, out.subarray(...slice), part, note));
      }),
    );
    assert(
      told.every((heard) => heard === told[0]),
      "the same notes are told with every bucket",
    );
    return told[0]!; // there is at least one bucket
  }

  rescale(factor: number): void {
    for (const { exchange } of this.#buckets) exchange.rescale?.(factor);
  }
}

/** The peer with one core: work waits for the work before it. Once a bucket has failed, none does anything more. */
class Core {
  readonly peer: Peer;
  #last: Promise<unknown> = Promise.resolve();
  #failed = false;

  constructor(peer: Peer) {
    this.peer = peerWith(peer, {
      work: <T>(label: string, cost: Seconds | undefined, body: () => T | Promise<T>) => {
        const start = () => (this.#failed ? never<T>() : peer.work(label, cost, body));
        const done = this.#last.then(start, start);
        this.#last = done;
        return done;
      },
    });
  }

  /** @throws what the first of them throws */
  async all<T>(buckets: readonly Promise<T>[]): Promise<T[]> {
    try {
      return await Promise.all(buckets);
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }
}

const never = <T>(): Promise<T> => new Promise(() => {});
