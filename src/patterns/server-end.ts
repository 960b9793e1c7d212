/**
 * The end of a parameter server's exchange at the server.
 */
import type { Aggregation } from "../aggregators/aggregator.ts";
import { assert } from "../base/errors.ts";
import type { Layout } from "../base/layout.ts";
import type { NamedVectors } from "../base/state.ts";
import type { Receiver, Sender, Settled } from "../channels/channel.ts";
import { ByteSink } from "../coding/bytes.ts";
import { vector } from "../kernels/index.ts";
import type { Peer, Tag } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";
import { Participation } from "../rounds/participation.ts";
import { downRandom, messageRandom, type Round, tagOf } from "../rounds/round.ts";
import { settle } from "../rounds/settlement.ts";
import { Absences } from "./absences.ts";
import { mirrors, restoreEnds, saveEnds } from "./ends.ts";
import { splitNote, withNote } from "./notes.ts";
import type { Entry, Exchange, Note, PatternSettings, Replica } from "./pattern.ts";
import type { ParameterServerSlots } from "./server-slots.ts";

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
  /** Where each worker stands among the senders. */
  readonly #places: ReadonlyMap<PeerId, number>;
  readonly #downlinks: readonly Downlink[];
  readonly #ownDown: Receiver;
  readonly #ends: ReadonlyMap<string, Settled>;
  readonly #sum: Float32Array;
  readonly #absences: Absences | undefined;
  /** The workers of the round, in rank order. */
  #present: readonly PeerId[];
  /** Set by a restore that leaves the workers' mirrored memories behind. */
  #behind: number | undefined;

  constructor(slots: ParameterServerSlots, peer: Peer, layout: Layout, settings: PatternSettings) {
    const { view, id } = peer;
    const { length } = layout;
    const { weights } = settings;
    const senders = view.workers;
    this.#peer = peer;
    this.#settings = settings;
    this.#present = senders;
    this.#places = new Map(senders.map((worker, place) => [worker, place]));
    this.#own = senders.includes(id) ? slots.up.sender(length, layout) : undefined;
    this.#aggregation = slots.aggregate.open({
      channel: slots.up,
      senders,
      layout,
      ...(weights === undefined ? {} : { weights }),
    });
    // The server is a receiver of its own result, whether or not it is a worker.
    const receivers = slots.downEach === true ? [...new Set([id, ...senders])] : [undefined];
    this.#downlinks = receivers.map((to) => ({ to, sender: slots.down.sender(length, layout) }));
    this.#ownDown = slots.down.receiver(length, layout);
    this.#sum = vector(length);
    this.#absences = slots.participation && new Absences(new Participation(slots.participation, senders, peer.rng));
    this.#ends = new Map<string, Settled>([
      ...this.#downlinks.map(({ to, sender }) => [to === undefined ? "down" : `down/${to}`, sender] as const),
      ["own-down", this.#ownDown],
      ...(this.#own === undefined ? [] : [["up", this.#own] as const]),
      ...this.#aggregation.ends,
    ]);
  }

  async enter(round: Round, replica: Replica): Promise<Entry> {
    const peer = this.#peer;
    const absences = this.#absences;
    if (absences !== undefined) {
      const sender = this.#downlinks[0]!.sender;
      this.#present = absences.begin(round.number, replica, sender, this.#behind);
      for (const worker of this.#present) {
        if (worker === peer.id) continue;
        const body = absences.missedBy(worker, replica, sender);
        if (body !== undefined) await peer.send(worker, tagOf("state", round), withNote(body, 0));
      }
    }
    return { role: this.#present.includes(peer.id) ? "worker" : "server", note: 0 };
  }

  async average(
    own: Float32Array | null,
    out: Float32Array,
    round: Round,
    note: Note,
    answer: (aggregate: Float32Array) => Float32Array = (aggregate) => aggregate,
  ): Promise<Note> {
    const tag = tagOf("down", round);
    const remote = this.#present.filter((worker) => worker !== this.#peer.id);
    const messages = new Map<PeerId | undefined, Uint8Array>();
    const loudest = await settle(this.#taking(), async () => {
      const told = await this.#collect(own, round, note);
      if (told === 0) await this.#answer(answer(this.#sum), out, tag, messages);
      return told;
    });
    if (loudest === 0) this.#absences?.decided(round.attempt, messages.get(undefined) ?? NOTHING);
    if (loudest !== 0 || round.number + 1 === this.#settings.rounds) await this.#tellAbsent(round, loudest);
    if (loudest !== 0 || messages.has(undefined)) {
      await this.#peer.send(remote, tag, withNote(messages.get(undefined) ?? NOTHING, loudest));
    } else {
      for (const worker of remote) await this.#peer.send(worker, tag, withNote(messages.get(worker)!, loudest));
    }
    return loudest;
  }

  /** Aggregates one message of each worker, in rank order; each is decoded while the next is still on its way. */
  async #collect(own: Float32Array | null, round: Round, note: Note): Promise<Note> {
    const peer = this.#peer;
    const { codecCost } = this.#settings;
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
        const told = splitNote(body);
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
      await this.#peer.send(worker, tagOf("state", { ...round, number: back }), withNote(at, note));
    }
  }

  /** The ends that take part in the round. */
  #taking(): Settled[] {
    const own = this.#present.includes(this.#peer.id);
    return [...this.#ends.values()].filter((end) => own || end !== this.#own);
  }

  rescale(factor: number): void {
    this.#own?.rescale?.(factor);
    for (const { sender } of this.#downlinks) sender.rescale?.(factor);
  }

  save(): NamedVectors {
    return saveEnds(this.#ends);
  }

  restore(saved: NamedVectors): void {
    restoreEnds(this.#ends, saved);
    this.#behind = mirrors(this.#ownDown) ? 0 : undefined;
  }
}
