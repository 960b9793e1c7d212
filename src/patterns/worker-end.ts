/**
 * The end of a parameter server's exchange at a worker, or at a member that has no data and only hears, as a server does
 * that has come back after another one took its place.
 */
import { assert } from "../base/errors.ts";
import type { Layout } from "../base/layout.ts";
import type { Receiver, Sender } from "../channels/channel.ts";
import { ByteSource } from "../coding/bytes.ts";
import type { Peer } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";
import { Participation } from "../rounds/participation.ts";
import { downRandom, messageRandom, type Round, tagOf } from "../rounds/round.ts";
import { catchUp } from "./catch-up.ts";
import type { ExchangeMemory } from "./exchange-memory.ts";
import { splitNote, splitResult, withNote } from "./notes.ts";
import type { Entry, Exchange, Note, PatternSettings, Replica } from "./pattern.ts";
import { type ParameterServerSlots, receivedUse } from "./server-slots.ts";

export class WorkerEnd implements Exchange {
  readonly #peer: Peer;
  readonly #server: PeerId;
  readonly #settings: PatternSettings;
  readonly #each: boolean;
  /** Of a worker. */
  readonly #up: Sender | undefined;
  readonly #down: Receiver;
  readonly #participation: Participation | undefined;
  readonly #missed: Float32Array;
  /** One more than the first round whose result this worker does not have; 0 before the first round. */
  readonly #afterKnown: Float64Array;
  /** The server takes this worker for one that has missed everything. */
  #forgotten = false;

  constructor(
    slots: ParameterServerSlots,
    peer: Peer,
    layout: Layout,
    settings: PatternSettings,
    memory: ExchangeMemory,
  ) {
    const { up, down, participation } = slots;
    this.#each = slots.downEach ?? false;
    this.#peer = peer;
    this.#server = peer.view.members[0]!;
    this.#settings = settings;
    const { length } = layout;
    const sender = () => up.sender(length, layout);
    this.#up = peer.view.workers.includes(peer.id) ? memory.end("up", sender, { other: this.#server }) : undefined;
    this.#down = memory.end("down", () => down.receiver(length, layout), receivedUse(this.#each, this.#server));
    this.#participation = participation && new Participation(participation, peer.view.workers, peer.rng);
    this.#missed = memory.vector("missed", participation === undefined ? 0 : length);
    const { buffer, byteOffset } = memory.vector("known", 2);
    this.#afterKnown = new Float64Array(buffer, byteOffset, 1);
  }

  async enter(round: Round, replica: Replica): Promise<Entry> {
    const participation = this.#participation;
    const role = this.#up === undefined ? "server" : "worker";
    if (participation === undefined) return { role, note: 0 };
    if (this.#afterKnown[0] === 0) this.#afterKnown[0] = round.number + 1;
    const { rounds } = this.#settings;
    if (role === "worker" && !participation.of(round.number).includes(this.#peer.id)) {
      if (round.number + 1 !== rounds) return { role: "absent", note: 0 };
      const body = await this.#peer.receive(this.#server, tagOf("state", { number: rounds, attempt: 0 }));
      return this.#toldTheEnd(body, rounds);
    }
    if (this.#missedFrom === round.number) return { role, note: 0 };
    const body = await this.#peer.receive(this.#server, tagOf("state", round));
    if (splitNote(body).note !== 0) return this.#toldTheEnd(body, round.number);
    await this.#peer.work("decode", this.#settings.codecCost, () => this.#catchUp(body, round, replica));
    this.#peer.recycle(body);
    this.#know(round.number);
    return { role, note: 0 };
  }

  get known(): number | undefined {
    const after = this.#afterKnown[0]!;
    return this.#participation === undefined || after === 0 ? undefined : after - 1;
  }

  /** This worker has the results of all rounds before `round`. */
  #know(round: number): void {
    this.#afterKnown[0] = round + 1;
    this.#forgotten = false;
  }

  /** The first round that the server thinks this worker has missed. */
  get #missedFrom(): number {
    return this.#forgotten ? 0 : this.known!;
  }

  #catchUp(body: Uint8Array, round: Round, replica: Replica): void {
    const ends = { replica, receiver: this.#down, scratch: this.#missed };
    catchUp(splitNote(body).message, this.#missedFrom, round.number, ends, (number, attempt) => {
      this.#know(number); // those before it are applied, whatever the next messages are
      return downRandom(this.#peer, tagOf("down", { ...round, number, attempt }));
    });
  }

  /** The run ended while this worker was absent. @throws {CorruptError} unless it did before `now` */
  #toldTheEnd(body: Uint8Array, now: number): Entry {
    const { message, note } = splitNote(body);
    const source = new ByteSource(message, "end of the run");
    const at = source.u32();
    source.end();
    const from = this.#missedFrom;
    if (at < from || at > now) throw source.corrupt(`a round from ${from} to ${now}`, at);
    this.#peer.recycle(body);
    return { role: "absent", note, at };
  }

  async average(own: Float32Array | null, out: Float32Array, round: Round, note: Note): Promise<Note> {
    const sender = this.#up;
    assert((own !== null) === (sender !== undefined), "a worker takes part with a vector");
    const peer = this.#peer;
    const { codecCost } = this.#settings;
    const upTag = tagOf("up", round);
    const downTag = tagOf("down", round);
    if (own !== null && sender !== undefined) {
      const rng = messageRandom(peer, peer.id, upTag);
      const message = await peer.work("encode", codecCost, () => sender.encode(own, rng));
      await peer.send(this.#server, upTag, withNote(message, note));
    }
    const body = await peer.receive(this.#server, downTag);
    const result = splitResult(body);
    if (result.note === 0) {
      const rng = this.#each ? downRandom(peer, downTag, peer.id) : downRandom(peer, downTag);
      await peer.work("decode", codecCost, () => this.#down.decode(result.message, out, rng));
      this.#know(round.number + 1);
    }
    peer.recycle(body);
    return result.note;
  }

  rescale(factor: number): void {
    this.#up?.rescale?.(factor);
  }

  forgetAbsences(joined: boolean): void {
    this.#forgotten = true;
    if (joined) this.#afterKnown[0] = 1;
  }
}
