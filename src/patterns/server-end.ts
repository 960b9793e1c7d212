/**
 * The end of a parameter server's exchange at the server.
 */
import type { Aggregation } from "../aggregators/aggregator.ts";
import { assert, PeerLost } from "../base/errors.ts";
import type { Layout } from "../base/layout.ts";
import type { Receiver, Sender } from "../channels/channel.ts";
import { ByteSink } from "../coding/bytes.ts";
import type { Peer, Tag } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";
import { Participation } from "../rounds/participation.ts";
import { downRandom, messageRandom, type Round, tagOf } from "../rounds/round.ts";
import { Absences } from "./absences.ts";
import type { ExchangeMemory } from "./exchange-memory.ts";
import { splitShare, withNote } from "./notes.ts";
import type { Entry, Exchange, Note, PatternSettings, Replica } from "./pattern.ts";
import { type ParameterServerSlots, receivedUse } from "./server-slots.ts";

const NOTHING = new Uint8Array(0);

/** A wire down: one for all, or one to a worker. */
interface Downlink {
  readonly to: PeerId | undefined;
  readonly sender: Sender;
}

export class ServerEnd implements Exchange {
  readonly #peer: Peer;
  readonly #settings: PatternSettings;
  /** The server's own share, if it is a worker too. */
  readonly #own: Sender | undefined;
  readonly #aggregation: Aggregation;
  /** Members that are no workers: they only hear. */
  readonly #listeners: readonly PeerId[];
  /** Where each worker stands among the senders. */
  readonly #places: ReadonlyMap<PeerId, number>;
  readonly #downlinks: readonly Downlink[];
  readonly #ownDown: Receiver;
  readonly #sum: Float32Array;
  readonly #absences: Absences | undefined;
  /** The workers of the round, in rank order. */
  #present: readonly PeerId[];
  /** Nothing is known of what workers have missed. */
  #forgot = false;

  constructor(
    slots: ParameterServerSlots,
    peer: Peer,
    layout: Layout,
    settings: PatternSettings,
    memory: ExchangeMemory,
  ) {
    const { view, id } = peer;
    const { length } = layout;
    const { weightOf, elastic } = settings;
    const senders = view.workers;
    this.#peer = peer;
    this.#settings = settings;
    this.#present = senders;
    this.#listeners = view.members.filter((member) => member !== id && !senders.includes(member));
    this.#places = new Map(senders.map((worker, place) => [worker, place]));
    const own = () => slots.up.sender(length, layout);
    this.#own = senders.includes(id) ? memory.end("up", own, { other: id }) : undefined;
    this.#aggregation = slots.aggregate.open({
      channel: slots.up,
      senders,
      layout,
      keeper: memory,
      ...(weightOf && { weights: senders.map(weightOf) }),
      ...(elastic && { elastic }),
    });
    // The server is a receiver of its own result, whether or not it is a worker.
    const each = slots.downEach === true;
    this.#ownDown = memory.end("down", () => slots.down.receiver(length, layout), receivedUse(each, id));
    const sender = (): Sender => slots.down.sender(length, layout);
    /** A new server goes on from what all have received, as far as both ends know it. */
    const successor = (): Sender => {
      const made = sender();
      const { shared } = this.#ownDown.save();
      if (shared.size > 0) made.restore({ ...made.save(), shared });
      return made;
    };
    this.#downlinks = each
      ? [...new Set([id, ...senders, ...this.#listeners])].map((to) => ({
          to,
          sender: memory.end(`down/${to}`, sender, { other: to }),
        }))
      : [{ to: undefined, sender: memory.end("down/all", successor) }];
    this.#sum = memory.vector("sum", length);
    this.#absences =
      slots.participation && new Absences(new Participation(slots.participation, senders, peer.rng), this.#listeners);
  }

  async enter(round: Round, replica: Replica): Promise<Entry> {
    const peer = this.#peer;
    const absences = this.#absences;
    if (absences !== undefined) {
      const sender = this.#downlinks[0]!.sender;
      this.#present = absences.begin(round.number, replica, sender, this.#forgot ? 0 : undefined);
      for (const member of this.#hearers) {
        const body = absences.missedBy(member, replica, sender);
        if (body !== undefined) await peer.send(member, tagOf("state", round), withNote(body, 0));
      }
    }
    return { role: this.#present.includes(peer.id) ? "worker" : "server", note: 0 };
  }

  /** Whoever hears the result of the round from here. */
  get #hearers(): readonly PeerId[] {
    return [...this.#present.filter((worker) => worker !== this.#peer.id), ...this.#listeners];
  }

  async average(
    own: Float32Array | null,
    out: Float32Array,
    round: Round,
    note: Note,
    answer: (aggregate: Float32Array) => Float32Array = (aggregate) => aggregate,
  ): Promise<Note> {
    const tag = tagOf("down", round);
    const remote = this.#hearers;
    const messages = new Map<PeerId | undefined, Uint8Array>();
    const loudest = await this.#collect(own, round, note);
    if (loudest === 0) await this.#answer(answer(this.#sum), out, tag, messages);
    if (loudest === 0) this.#absences?.decided(round.attempt, messages.get(undefined) ?? NOTHING);
    if (loudest !== 0 || round.number + 1 === this.#settings.rounds) await this.#tellAbsent(round, loudest);
    if (loudest !== 0 || messages.has(undefined)) {
      await this.#tell(remote, tag, withNote(messages.get(undefined) ?? NOTHING, loudest));
    } else {
      for (const to of remote) await this.#tell([to], tag, withNote(messages.get(to)!, loudest));
    }
    return loudest;
  }

  /** The server has decided: that somebody is gone does not change it. */
  async #tell(members: readonly PeerId[], tag: Tag, body: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#peer.send(members, tag, body);
    } catch (error) {
      if (!(error instanceof PeerLost)) throw error;
      if (members.length > 1) for (const member of members) await this.#tell([member], tag, body);
    }
  }

  /** Aggregates one message of each worker, in rank order; each is decoded while the next is still on its way. */
  async #collect(own: Float32Array | null, round: Round, note: Note): Promise<Note> {
    const peer = this.#peer;
    const { codecCost, elastic } = this.#settings;
    const tag = tagOf("up", round);
    let loudest = note;
    this.#aggregation.begin(this.#sum, this.#absences?.expected ?? this.#present.length);
    for (const worker of this.#present) {
      const rng = messageRandom(peer, worker, tag);
      const place = this.#places.get(worker)!;
      const add = (message: Uint8Array) =>
        peer.work("decode", codecCost, () => this.#aggregation.add(place, message, rng, this.#sum));
      if (worker === peer.id) {
        const sender = this.#own;
        assert(own !== null && sender !== undefined, "a worker takes part with a vector");
        await add(await peer.work("encode", codecCost, () => sender.encode(own, rng)));
      } else {
        const body = await peer.receive(worker, tag);
        const told = splitShare(body, worker, peer, elastic);
        loudest = Math.max(loudest, told.note);
        await add(told.message);
        peer.recycle(body);
      }
    }
    await peer.work("decode", codecCost, () => this.#aggregation.finish(this.#sum));
    return loudest;
  }

  /** Encodes the answer for all, or for each, and decodes the server's own. */
  async #answer(
    result: Float32Array,
    out: Float32Array,
    tag: Tag,
    messages: Map<PeerId | undefined, Uint8Array>,
  ): Promise<void> {
    const peer = this.#peer;
    const { codecCost } = this.#settings;
    for (const { to, sender } of this.#downlinks) {
      const rng = downRandom(peer, tag, to);
      const message = await peer.work("encode", codecCost, () => sender.encode(result, rng));
      messages.set(to, message);
      if (to !== undefined && to !== peer.id) continue;
      await peer.work("decode", codecCost, () => this.#ownDown.decode(message, out, rng));
    }
  }

  /** The run ends here: those who are absent are told when they come back, or when they have passed the last round. */
  async #tellAbsent(round: Round, note: Note): Promise<void> {
    const at = new ByteSink(4).u32(note === 0 ? round.number + 1 : round.number).written;
    for (const [worker, back] of this.#absences?.returns(this.#settings.rounds ?? Number.POSITIVE_INFINITY) ?? []) {
      if (worker === this.#peer.id) continue;
      await this.#tell([worker], tagOf("state", { number: back, attempt: 0 }), withNote(at, note));
    }
  }

  rescale(factor: number): void {
    this.#own?.rescale?.(factor);
    for (const { sender } of this.#downlinks) sender.rescale?.(factor);
  }

  forgetAbsences(): void {
    this.#forgot = true;
  }
}
