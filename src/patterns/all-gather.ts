/**
 * All-gather: every worker sends its message to all, and everyone aggregates all messages in rank order.
 *
 *     worker i:  c_i = channel(v_i)               → all
 *     all:       out = aggregate(c_1, …, c_n)
 *
 * Nothing is compressed twice, and any aggregate will do, but a port carries n − 1 messages each way: n/2 times what a
 * compressed all-reduce does, and in one latency.
 * @see Alistarh, Grubic, Li, Tomioka & Vojnovic 2016, "QSGD", arXiv:1610.02132
 */
import type { Aggregation, Aggregator } from "../aggregators/aggregator.ts";
import { assert } from "../base/errors.ts";
import { checkLength, type Layout } from "../base/layout.ts";
import { bytes } from "../base/units.ts";
import type { Channel, Sender } from "../channels/channel.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import type { Peer } from "../ports/peer.ts";
import { rankOf } from "../ports/view.ts";
import { messageRandom, type Round, tagOf } from "../rounds/round.ts";
import { othersOf } from "./butterfly.ts";
import { collect } from "./collect.ts";
import type { ExchangeMemory } from "./exchange-memory.ts";
import { NOTE_BYTES, withNote } from "./notes.ts";
import type { Exchange, Note, Pattern, PatternSettings } from "./pattern.ts";
import { NOTHING } from "./plain.ts";

export interface AllGatherSlots {
  readonly channel: Channel;
  readonly aggregate: Aggregator;
}

export const allGather = (slots: AllGatherSlots): Pattern => ({
  name: `all-gather(${slots.channel.name}, ${slots.aggregate.name})`,
  open: (peer, layout, settings, memory) => new AllGatherEnd(slots, peer, layout, settings, memory),
  uncompressedBytes({ members: { length: n }, workers }, length) {
    return bytes((n - 1) * (n * (FRAME_BYTES + NOTE_BYTES) + workers.length * 4 * length));
  },
});

class AllGatherEnd implements Exchange {
  readonly #peer: Peer;
  readonly #settings: PatternSettings;
  readonly #sender: Sender | undefined;
  readonly #aggregation: Aggregation;
  readonly #sum: Float32Array;

  constructor(
    { channel, aggregate }: AllGatherSlots,
    peer: Peer,
    layout: Layout,
    settings: PatternSettings,
    memory: ExchangeMemory,
  ) {
    const { workers } = peer.view;
    const { weightOf, elastic } = settings;
    this.#peer = peer;
    this.#settings = settings;
    const { length } = layout;
    this.#sender = workers.includes(peer.id) ? memory.end("up", () => channel.sender(length, layout)) : undefined;
    this.#aggregation = aggregate.open({
      channel,
      senders: workers,
      layout,
      keeper: memory,
      replicated: true,
      ...(weightOf && { weights: workers.map(weightOf) }),
      ...(elastic && { elastic }),
    });
    this.#sum = memory.vector("sum", length);
  }

  async average(
    own: Float32Array | null,
    out: Float32Array,
    round: Round,
    note: Note,
    answer?: (aggregate: Float32Array) => Float32Array,
  ): Promise<Note> {
    assert(answer === undefined, "an all-gather has no server that could answer");
    checkLength(out, this.#sum.length, "all-gather");
    const told = await this.#gather(own, round, note);
    if (told === 0) out.set(this.#sum);
    return told;
  }

  async #gather(own: Float32Array | null, round: Round, note: Note): Promise<Note> {
    const peer = this.#peer;
    const sender = this.#sender;
    const { codecCost, elastic } = this.#settings;
    const { members } = peer.view;
    const tag = tagOf("up", round);
    assert((own !== null) === (sender !== undefined), "a worker takes part with a vector");
    const rng = messageRandom(peer, peer.id, tag);
    const message = sender && own ? await peer.work("encode", codecCost, () => sender.encode(own, rng)) : NOTHING;
    const others = othersOf(rankOf(peer.view, peer.id), members.length).map((rank) => members[rank]!);
    await peer.send(others, tag, withNote(message, note));
    return collect({ peer, codecCost, elastic, aggregation: this.#aggregation, sum: this.#sum }, message, tag, note);
  }

  rescale(factor: number): void {
    this.#sender?.rescale?.(factor);
  }
}
