/**
 * Parameter server: workers send up, the server aggregates, everyone applies the same decoded result, the server too.
 *
 *     worker i:  c_i = up(v_i)                        → server
 *     server:    c = down(aggregate(c_1, …, c_n))     → every worker
 *     all:       out = decode(c)
 *
 * A note told by anyone undoes the round: the server answers with the note alone. A worker whose exchange fails after it
 * has sent ends its run, since the server may have counted its message.
 *
 * The member of rank 0 serves. If it is a worker too, its own share passes through its own channel and is not sent. The
 * server takes the messages in rank order, so its sum has one order. Two messages per remote worker and round.
 */

import type { Aggregation, Aggregator } from "../aggregators/aggregator.ts";
import { assert, CorruptError } from "../base/errors.ts";
import type { Layout } from "../base/layout.ts";
import { type NamedVectors, prefixed, under } from "../base/state.ts";
import { type Bytes, bytes } from "../base/units.ts";
import type { Channel, Receiver, Sender, Settled } from "../channels/channel.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import { vector } from "../kernels/index.ts";
import type { Peer } from "../ports/peer.ts";
import type { PeerId, View } from "../ports/view.ts";
import { messageRandom, type Round, tagOf } from "../rounds/round.ts";
import { settle } from "../rounds/settlement.ts";
import type { Exchange, Note, Pattern, PatternSettings } from "./pattern.ts";

export interface ParameterServerSlots {
  /** From each worker to the server. */
  readonly up: Channel;
  /** From the server to all. */
  readonly down: Channel;
  readonly aggregate: Aggregator;
}

const NOTE_BYTES = 1;
const NOTHING = new Uint8Array(0);

export function parameterServer(slots: ParameterServerSlots): Pattern {
  return {
    name: `parameter-server(${slots.up.name}, ${slots.down.name}, ${slots.aggregate.name})`,
    open: (peer, layout, settings) =>
      peer.id === serverOf(peer.view)
        ? new ServerEnd(slots, peer, layout, settings)
        : new WorkerEnd(slots, peer, layout, settings),
    uncompressedBytes: uncompressed,
  };
}

export const serverOf = (view: View): PeerId => view.members[0]!;

function uncompressed(view: View, length: number): Bytes {
  const remote = view.workers.filter((id) => id !== serverOf(view)).length;
  return bytes(2 * remote * (FRAME_BYTES + NOTE_BYTES + 4 * length));
}

class WorkerEnd implements Exchange {
  readonly #peer: Peer;
  readonly #settings: PatternSettings;
  readonly #up: Sender;
  readonly #down: Receiver;

  constructor(slots: ParameterServerSlots, peer: Peer, layout: Layout, settings: PatternSettings) {
    this.#peer = peer;
    this.#settings = settings;
    this.#up = slots.up.sender(layout.length, layout);
    this.#down = slots.down.receiver(layout.length, layout);
  }

  average(own: Float32Array | null, out: Float32Array, round: Round, note: Note): Promise<Note> {
    assert(own !== null, "a worker takes part with a vector");
    const peer = this.#peer;
    const { codecCost } = this.#settings;
    const server = serverOf(peer.view);
    const upTag = tagOf("up", round);
    const downTag = tagOf("down", round);
    return settle([...this.#ends().values()], async () => {
      const message = await peer.work("encode", codecCost, () =>
        this.#up.encode(own, messageRandom(peer, peer.id, upTag)),
      );
      await peer.send(server, upTag, withNote(message, note));
      const body = await peer.receive(server, downTag);
      const result = splitNote(body);
      if (result.note === 0) {
        await peer.work("decode", codecCost, () =>
          this.#down.decode(result.message, out, messageRandom(peer, server, downTag)),
        );
      }
      peer.recycle(body);
      return result.note;
    });
  }

  save(): NamedVectors {
    return saveEnds(this.#ends());
  }

  restore(saved: NamedVectors): void {
    restoreEnds(this.#ends(), saved);
  }

  #ends(): ReadonlyMap<string, Settled> {
    return new Map<string, Settled>([
      ["up", this.#up],
      ["down", this.#down],
    ]);
  }
}

class ServerEnd implements Exchange {
  readonly #peer: Peer;
  readonly #settings: PatternSettings;
  readonly #remote: readonly PeerId[];
  /** The server's own share, if it is a worker too. */
  readonly #own: Sender | undefined;
  readonly #receivers: ReadonlyMap<PeerId, Receiver>;
  readonly #down: Sender;
  readonly #ownDown: Receiver;
  readonly #aggregation: Aggregation;
  readonly #sum: Float32Array;

  constructor(slots: ParameterServerSlots, peer: Peer, layout: Layout, settings: PatternSettings) {
    const { view, id } = peer;
    const { length } = layout;
    this.#peer = peer;
    this.#settings = settings;
    this.#remote = view.workers.filter((worker) => worker !== id);
    this.#own = view.workers.includes(id) ? slots.up.sender(length, layout) : undefined;
    this.#receivers = new Map(view.workers.map((worker) => [worker, slots.up.receiver(length, layout)]));
    this.#down = slots.down.sender(length, layout);
    this.#ownDown = slots.down.receiver(length, layout);
    this.#aggregation = slots.aggregate.open(view.workers.length, length);
    this.#sum = vector(length);
  }

  async average(own: Float32Array | null, out: Float32Array, round: Round, note: Note): Promise<Note> {
    const peer = this.#peer;
    const { codecCost } = this.#settings;
    const downTag = tagOf("down", round);
    let message: Uint8Array = NOTHING;
    const loudest = await settle([...this.#ends().values()], async () => {
      const told = await this.#collect(own, round, note);
      if (told !== 0) return told;
      message = await peer.work("encode", codecCost, () =>
        this.#down.encode(this.#sum, messageRandom(peer, peer.id, downTag)),
      );
      await peer.work("decode", codecCost, () =>
        this.#ownDown.decode(message, out, messageRandom(peer, peer.id, downTag)),
      );
      return told;
    });
    await peer.send(this.#remote, downTag, withNote(message, loudest));
    return loudest;
  }

  /** Aggregates one message of each worker, in rank order; each is decoded while the next is still on its way. */
  async #collect(own: Float32Array | null, round: Round, note: Note): Promise<Note> {
    const peer = this.#peer;
    const { codecCost } = this.#settings;
    const tag = tagOf("up", round);
    let loudest = note;
    this.#aggregation.begin(this.#sum);
    for (const worker of peer.view.workers) {
      const rng = messageRandom(peer, worker, tag);
      const receiver = this.#receivers.get(worker)!;
      const add = (message: Uint8Array) =>
        peer.work("decode", codecCost, () => this.#aggregation.add(receiver, message, rng, this.#sum));
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
    this.#aggregation.finish(this.#sum);
    return loudest;
  }

  save(): NamedVectors {
    return saveEnds(this.#ends());
  }

  restore(saved: NamedVectors): void {
    restoreEnds(this.#ends(), saved);
  }

  #ends(): ReadonlyMap<string, Settled> {
    const ends = new Map<string, Settled>([
      ["down", this.#down],
      ["own-down", this.#ownDown],
    ]);
    if (this.#own !== undefined) ends.set("up", this.#own);
    for (const [id, receiver] of this.#receivers) ends.set(`from/${id}`, receiver);
    return ends;
  }
}

/** The note stands behind the message, so that the message keeps its alignment. */
const withNote = (message: Uint8Array, note: Note): Uint8Array[] => [message, Uint8Array.of(note)];

function splitNote(body: Uint8Array): { message: Uint8Array; note: Note } {
  const note = body.at(-1);
  if (note === undefined) throw new CorruptError("parameter-server message", { expected: "a note", got: "0 bytes" });
  return { message: body.subarray(0, -1), note };
}

function saveEnds(ends: ReadonlyMap<string, Settled>): NamedVectors {
  const all = new Map<string, Float32Array>();
  for (const [name, end] of ends) {
    const saved = end.save();
    for (const half of ["shared", "private"] as const) {
      for (const [key, value] of prefixed(`${name}/${half}`, saved[half])) all.set(key, value);
    }
  }
  return all;
}

function restoreEnds(ends: ReadonlyMap<string, Settled>, saved: NamedVectors): void {
  for (const [name, end] of ends) {
    end.restore({ shared: under(`${name}/shared`, saved), private: under(`${name}/private`, saved) });
  }
}
