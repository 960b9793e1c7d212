/**
 * Compressed all-reduce: scatter-reduce and all-gather, with a channel for each part of the vector. Every member is the
 * parameter server of the part that it owns. Indices mod n:
 *
 *     worker i:  c_ij = up_ij(v_i[part j])                    → j, for j = i − 1, i − 2, …
 *     owner j:   c_j = down_j(aggregate(c_1j, …, c_nj))       → all
 *     all:       out[part j] = decode(c_j)
 *
 * Each entry is compressed twice, whatever n is; in a ring it would be n times. An owner's own share passes through its own
 * channel and is not sent, so that every entry obeys one law. Everyone decodes the same messages: all members have the same
 * bits. With exact channels and their mean, they are those of a parameter server.
 *
 * Parts are cut by the number of members, at most one entry apart, and each has a layout of its own: a matrix that is cut
 * leaves matrices of one row. A port carries 2(n − 1)/n of a compressed vector each way, in two latencies.
 *
 * Every member hears the note of every other with its part. The round is decided before the first owner sends its result.
 * @see Markov, Ramezanikebrya & Alistarh 2021, "CGX", arXiv:2111.08617
 * @see Gan et al. 2021, "BAGUA: Scaling up Distributed Learning with System Relaxations", arXiv:2107.01499
 */
import type { Aggregation } from "../aggregators/aggregator.ts";
import { assert } from "../base/errors.ts";
import { checkLength, type Layout } from "../base/layout.ts";
import type { NamedVectors } from "../base/state.ts";
import { bytes } from "../base/units.ts";
import type { Receiver, Sender, Settled } from "../channels/channel.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import { vector } from "../kernels/index.ts";
import type { Peer, Tag } from "../ports/peer.ts";
import { type PeerId, rankOf } from "../ports/view.ts";
import { messageRandom, type Round, tagOf } from "../rounds/round.ts";
import { settle } from "../rounds/settlement.ts";
import { cut, type Slice } from "./all-reduce-schedule.ts";
import { othersOf } from "./butterfly.ts";
import { collect } from "./collect.ts";
import { restoreEnds, saveEnds } from "./ends.ts";
import { layoutWithin } from "./layout-within.ts";
import { NOTE_BYTES, withNote } from "./notes.ts";
import type { Exchange, Note, Pattern, PatternSettings } from "./pattern.ts";
import { NOTHING } from "./plain.ts";
import type { ParameterServerSlots } from "./server-slots.ts";

export type CompressedAllReduceSlots = Pick<ParameterServerSlots, "up" | "down" | "aggregate">;

export function compressedAllReduce(slots: CompressedAllReduceSlots): Pattern {
  const { up, down, aggregate } = slots;
  return {
    name: `compressed-all-reduce(${up.name}, ${down.name}, ${aggregate.name})`,
    open: (peer, layout, settings) => new CompressedEnd(slots, peer, layout, settings),
    uncompressedBytes(view, length) {
      const n = view.members.length;
      const frames = n * (n - 1) * (2 * FRAME_BYTES + NOTE_BYTES);
      const kept = view.workers.map((id) => cut(rankOf(view, id), n, length)).reduce((sum, [a, b]) => sum + b - a, 0);
      return bytes(frames + 4 * (view.workers.length * length - kept + (n - 1) * length));
    },
  };
}

/** One part of the vector. */
interface Part {
  readonly owner: PeerId;
  readonly slice: Slice;
  /** What this member sends to the owner, if it is a worker. */
  readonly up: Sender | undefined;
  /** Decodes what the owner sends, the own part too. */
  readonly down: Receiver;
}

class CompressedEnd implements Exchange {
  readonly #peer: Peer;
  readonly #settings: PatternSettings;
  readonly #length: number;
  readonly #rank: number;
  readonly #parts: readonly Part[];
  /** The others' ranks, in the order in which messages set out. */
  readonly #others: readonly number[];
  // Of the own part:
  readonly #aggregation: Aggregation;
  readonly #sum: Float32Array;
  readonly #result: Sender;
  /** Settled before results set out, and after they have arrived. */
  readonly #before: ReadonlyMap<string, Settled>;
  readonly #after: ReadonlyMap<string, Settled>;

  constructor(slots: CompressedAllReduceSlots, peer: Peer, layout: Layout, settings: PatternSettings) {
    const { members, workers } = peer.view;
    const { weights } = settings;
    this.#peer = peer;
    this.#settings = settings;
    this.#length = layout.length;
    this.#rank = rankOf(peer.view, peer.id);
    this.#others = othersOf(this.#rank, members.length);
    const slices = members.map((_, j) => cut(j, members.length, layout.length));
    this.#parts = members.map((owner, j) => {
      const part = layoutWithin(layout, slices[j]!);
      return {
        owner,
        slice: slices[j]!,
        up: workers.includes(peer.id) ? slots.up.sender(part.length, part) : undefined,
        down: slots.down.receiver(part.length, part),
      };
    });
    const own = layoutWithin(layout, slices[this.#rank]!);
    this.#aggregation = slots.aggregate.open({
      channel: slots.up,
      senders: workers,
      layout: own,
      ...(weights && { weights }),
    });
    this.#sum = vector(own.length);
    this.#result = slots.down.sender(own.length, own);
    this.#before = new Map<string, Settled>([
      ...this.#parts.flatMap(({ owner, up }) => (up === undefined ? [] : [[`up/${owner}`, up] as const])),
      ...this.#aggregation.ends,
      ["result", this.#result],
    ]);
    this.#after = new Map(this.#parts.map(({ owner, down }) => [`down/${owner}`, down]));
  }

  async average(
    own: Float32Array | null,
    out: Float32Array,
    round: Round,
    note: Note,
    answer?: (aggregate: Float32Array) => Float32Array,
  ): Promise<Note> {
    assert(answer === undefined, "an all-reduce has no server that could answer");
    for (const x of own === null ? [out] : [own, out]) checkLength(x, this.#length, "compressed all-reduce");
    let message = NOTHING;
    const told = await settle([...this.#before.values()], async () => {
      const loudest = await this.#scatter(own, round, note);
      if (loudest === 0) message = await this.#encode(this.#result, this.#sum, this.#tag("down", this.#rank, round));
      return loudest;
    });
    if (told !== 0) return told;
    return settle([...this.#after.values()], async () => {
      await this.#gather(message, out, round);
      return 0;
    });
  }

  /** @returns the largest note told by any member */
  async #scatter(own: Float32Array | null, round: Round, note: Note): Promise<Note> {
    const peer = this.#peer;
    let mine = NOTHING;
    for (const j of [...this.#others, this.#rank]) {
      const { owner, slice, up } = this.#parts[j]!;
      assert((own !== null) === (up !== undefined), "a worker takes part with a vector");
      const tag = this.#tag("up", j, round);
      const message = up && own ? await this.#encode(up, own.subarray(...slice), tag) : NOTHING;
      if (j === this.#rank) mine = message;
      else await peer.send(owner, tag, withNote(message, note));
    }
    const { codecCost } = this.#settings;
    const collecting = { peer, codecCost, aggregation: this.#aggregation, sum: this.#sum };
    return collect(collecting, mine, this.#tag("up", this.#rank, round), note);
  }

  async #gather(mine: Uint8Array, out: Float32Array, round: Round): Promise<void> {
    const peer = this.#peer;
    const owners = this.#others.map((j) => this.#parts[j]!.owner);
    await peer.send(owners, this.#tag("down", this.#rank, round), mine);
    for (const [j, { owner, slice, down }] of this.#parts.entries()) {
      const tag = this.#tag("down", j, round);
      const body = j === this.#rank ? mine : await peer.receive(owner, tag);
      const rng = messageRandom(peer, owner, tag);
      await peer.work("decode", this.#settings.codecCost, () => down.decode(body, out.subarray(...slice), rng));
      if (j !== this.#rank) peer.recycle(body);
    }
  }

  #encode(sender: Sender, x: Float32Array, tag: Tag): Promise<Uint8Array> {
    const rng = messageRandom(this.#peer, this.#peer.id, tag);
    return this.#peer.work("encode", this.#settings.codecCost, () => sender.encode(x, rng));
  }

  #tag(kind: "up" | "down", part: number, round: Round): Tag {
    return tagOf(kind, { ...round, part: (round.part ?? 0) * this.#parts.length + part });
  }

  rescale(factor: number): void {
    for (const { up } of this.#parts) up?.rescale?.(factor);
    this.#result.rescale?.(factor);
  }

  save(): NamedVectors {
    return new Map([...saveEnds(this.#before), ...saveEnds(this.#after)]);
  }

  restore(saved: NamedVectors): void {
    restoreEnds(this.#before, saved);
    restoreEnds(this.#after, saved);
  }
}
