/**
 * Compressed all-reduce: scatter-reduce and all-gather, with a channel for each part of the vector. Every worker is the
 * parameter server of the part that it owns. Indices mod n, the number of workers:
 *
 *     worker i:  c_ij = up_ij(v_i[part j])                    → j, for j = i − 1, i − 2, …
 *     owner j:   c_j = down_j(aggregate(c_1j, …, c_nj))       → all
 *     all:       out[part j] = decode(c_j)
 *
 * Each entry is compressed twice, whatever n is; in a ring it would be n times. An owner's own share passes through its own
 * channel and is not sent, so that every entry obeys one law. Everyone decodes the same messages: all members have the same
 * bits. With exact channels and their mean, they are those of a parameter server.
 *
 * There are as many parts as workers at first, at most one entry apart, and each has a layout of its own: a matrix that is
 * cut leaves matrices of one row. A port carries 2(n − 1)/n of a compressed vector each way, in two latencies. Parts stay
 * when members go: part j belongs to worker j mod n. What its last owner could not say yet, it then adds to what it sends:
 * n e, of which the mean is e. So whoever has no data owns no part: it could not add anything.
 *
 * Every owner hears the note of every member with its part; whoever owns none hears with the results.
 * @see Markov, Ramezanikebrya & Alistarh 2021, "CGX", arXiv:2111.08617
 * @see Gan et al. 2021, "BAGUA: Scaling up Distributed Learning with System Relaxations", arXiv:2107.01499
 */
import type { Aggregation } from "../aggregators/aggregator.ts";
import { assert, ConfigError } from "../base/errors.ts";
import { checkLength, type Layout } from "../base/layout.ts";
import { bytes } from "../base/units.ts";
import type { Receiver, Sender } from "../channels/channel.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import type { Peer, Tag } from "../ports/peer.ts";
import { type PeerId, rankOf } from "../ports/view.ts";
import { messageRandom, type Round, tagOf } from "../rounds/round.ts";
import { cut, type Slice } from "./all-reduce-schedule.ts";
import { othersOf } from "./butterfly.ts";
import { collect } from "./collect.ts";
import { type ExchangeMemory, mirrors } from "./exchange-memory.ts";
import { layoutWithin } from "./layout-within.ts";
import { NOTE_BYTES, splitNote, withNote } from "./notes.ts";
import type { Exchange, Note, Pattern, PatternSettings } from "./pattern.ts";
import { NOTHING } from "./plain.ts";
import type { ParameterServerSlots } from "./server-slots.ts";

export type CompressedAllReduceSlots = Pick<ParameterServerSlots, "up" | "down" | "aggregate">;

export function compressedAllReduce(slots: CompressedAllReduceSlots): Pattern {
  const { up, down, aggregate } = slots;
  return {
    name: `compressed-all-reduce(${up.name}, ${down.name}, ${aggregate.name})`,
    open: (peer, layout, settings, memory) => new CompressedEnd(slots, peer, layout, settings, memory),
    uncompressedBytes({ members, workers }, length) {
      const [n, w] = [members.length, workers.length];
      const notes = n > w ? 2 : 1;
      return bytes(w * (n - 1) * (2 * FRAME_BYTES + notes * NOTE_BYTES) + 4 * length * (w - 1 + n - 1));
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
  /** Of a part that this member owns. */
  readonly own: { readonly aggregation: Aggregation; readonly sum: Float32Array; readonly result: Sender } | undefined;
}

class CompressedEnd implements Exchange {
  readonly #peer: Peer;
  readonly #settings: PatternSettings;
  readonly #length: number;
  readonly #parts: readonly Part[];
  /** In the order in which messages set out: the parts of the members before this one first, its own last. */
  readonly #order: readonly number[];
  /** Members that own no part, and so hear no notes but with results. */
  readonly #partless: readonly PeerId[];

  constructor(
    slots: CompressedAllReduceSlots,
    peer: Peer,
    layout: Layout,
    settings: PatternSettings,
    memory: ExchangeMemory,
  ) {
    const { members, workers } = peer.view;
    const rank = rankOf(peer.view, peer.id);
    const count = settings.parts ?? workers.length;
    const ownerOf = (j: number) => workers[j % workers.length]!;
    this.#peer = peer;
    this.#settings = settings;
    this.#length = layout.length;
    this.#parts = Array.from({ length: count }, (_, j) =>
      this.#open(slots, ownerOf(j), layout, cut(j, count, layout.length), memory.within(`part/${j}`)),
    );
    this.#order = [...othersOf(rank, members.length), rank].flatMap((other) =>
      this.#parts.flatMap(({ owner }, j) => (owner === members[other] ? [j] : [])),
    );
    const owners = new Set(this.#parts.map(({ owner }) => owner));
    this.#partless = members.filter((id) => !owners.has(id));
    assert(workers.length > 0, "there is something to average");
  }

  #open(slots: CompressedAllReduceSlots, owner: PeerId, layout: Layout, slice: Slice, memory: ExchangeMemory): Part {
    const { view, id } = this.#peer;
    const { weightOf, elastic } = this.#settings;
    const part = layoutWithin(layout, slice);
    const sender = () => slots.up.sender(part.length, part);
    const receiver = () => slots.down.receiver(part.length, part);
    const up = view.workers.includes(id) ? memory.end("up", sender, { other: owner }) : undefined;
    const down = memory.end("down", receiver, { other: owner });
    if (elastic && mirrors(down)) {
      throw new ConfigError("compressed all-reduce: down", {
        expected: "a channel whose receivers remember nothing, where members come and go",
        got: slots.down.name,
        hint: "Error feedback is one; or take a parameter server.",
      });
    }
    if (owner !== id) {
      if (up !== undefined) memory.inherit("result", up, view.workers.length);
      return { owner, slice, up, down, own: undefined };
    }
    const aggregation = slots.aggregate.open({
      channel: slots.up,
      senders: view.workers,
      layout: part,
      keeper: memory,
      ...(weightOf && { weights: view.workers.map(weightOf) }),
      ...(elastic && { elastic }),
    });
    const result = memory.end("result", () => slots.down.sender(part.length, part));
    return { owner, slice, up, down, own: { aggregation, sum: memory.vector("sum", part.length), result } };
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
    const told = await this.#scatter(own, round, note);
    if (told === 0) return this.#gather(out, round);
    if (this.#parts[0]!.own !== undefined) {
      await this.#peer.send(this.#partless, this.#tag("down", 0, round), withNote(NOTHING, told));
    }
    return told;
  }

  /** @returns the largest note told by any member, as far as this one hears it */
  async #scatter(own: Float32Array | null, round: Round, note: Note): Promise<Note> {
    const peer = this.#peer;
    const mine = new Map<number, Uint8Array>();
    for (const j of this.#order) {
      const { owner, slice, up } = this.#parts[j]!;
      assert((own !== null) === (up !== undefined), "a worker takes part with a vector");
      const tag = this.#tag("up", j, round);
      const message = up && own ? await this.#encode(up, own.subarray(...slice), tag) : NOTHING;
      if (owner === peer.id) mine.set(j, message);
      else await peer.send(owner, tag, withNote(message, note));
    }
    const { codecCost, elastic } = this.#settings;
    let loudest = note;
    for (const [j, message] of mine) {
      const collecting = { peer, codecCost, elastic, ...this.#parts[j]!.own! };
      loudest = Math.max(loudest, await collect(collecting, message, this.#tag("up", j, round), note));
    }
    return this.#isPartless ? 0 : loudest; // it will hear
  }

  get #isPartless(): boolean {
    return this.#partless.includes(this.#peer.id);
  }

  async #gather(out: Float32Array, round: Round): Promise<Note> {
    const peer = this.#peer;
    const others = othersOf(rankOf(peer.view, peer.id), peer.view.members.length).map(
      (rank) => peer.view.members[rank]!,
    );
    const mine = new Map<number, Uint8Array>();
    for (const [j, { own }] of this.#parts.entries()) {
      if (own === undefined) continue;
      const tag = this.#tag("down", j, round);
      const message = await this.#encode(own.result, own.sum, tag);
      mine.set(j, message);
      await peer.send(others, tag, this.#partless.length > 0 ? withNote(message, 0) : message);
    }
    for (const [j, { owner, slice, down }] of this.#parts.entries()) {
      const tag = this.#tag("down", j, round);
      const body = mine.get(j) ?? (await peer.receive(owner, tag));
      const { message, note } =
        this.#partless.length > 0 && !mine.has(j) ? splitNote(body) : { message: body, note: 0 };
      if (note !== 0) return note;
      const rng = messageRandom(peer, owner, tag);
      await peer.work("decode", this.#settings.codecCost, () => down.decode(message, out.subarray(...slice), rng));
      if (!mine.has(j)) peer.recycle(body);
    }
    return 0;
  }

  #encode(sender: Sender, x: Float32Array, tag: Tag): Promise<Uint8Array> {
    const rng = messageRandom(this.#peer, this.#peer.id, tag);
    return this.#peer.work("encode", this.#settings.codecCost, () => sender.encode(x, rng));
  }

  #tag(kind: "up" | "down", part: number, round: Round): Tag {
    return tagOf(kind, { ...round, part: (round.part ?? 0) * this.#parts.length + part });
  }

  rescale(factor: number): void {
    for (const { up, own } of this.#parts) {
      up?.rescale?.(factor);
      own?.result.rescale?.(factor);
    }
  }
}
