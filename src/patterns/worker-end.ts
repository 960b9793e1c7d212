/**
 * The end of a parameter server's exchange at a worker.
 */
import { assert } from "../base/errors.ts";
import type { Layout } from "../base/layout.ts";
import type { NamedVectors } from "../base/state.ts";
import type { Receiver, Sender } from "../channels/channel.ts";
import { ByteSource } from "../coding/bytes.ts";
import { vector } from "../kernels/index.ts";
import type { Peer } from "../ports/peer.ts";
import type { PeerId } from "../ports/view.ts";
import { Participation } from "../rounds/participation.ts";
import { downRandom, messageRandom, type Round, tagOf } from "../rounds/round.ts";
import { settle } from "../rounds/settlement.ts";
import { catchUp } from "./catch-up.ts";
import { mirrors, restoreEnds, saveEnds } from "./ends.ts";
import { splitNote, withNote } from "./notes.ts";
import type { Entry, Exchange, Note, PatternSettings, Replica } from "./pattern.ts";
import type { ParameterServerSlots } from "./server-slots.ts";

export class WorkerEnd implements Exchange {
  readonly #peer: Peer;
  readonly #server: PeerId;
  readonly #settings: PatternSettings;
  readonly #each: boolean;
  readonly #up: Sender;
  readonly #down: Receiver;
  readonly #ends: ReadonlyMap<string, Sender | Receiver>;
  readonly #participation: Participation | undefined;
  readonly #missed: Float32Array;
  /** The first round whose result this worker does not have. */
  #known: number | undefined;

  constructor(slots: ParameterServerSlots, peer: Peer, layout: Layout, settings: PatternSettings) {
    const { up, down, participation } = slots;
    this.#each = slots.downEach ?? false;
    this.#peer = peer;
    this.#server = peer.view.members[0]!;
    this.#settings = settings;
    this.#up = up.sender(layout.length, layout);
    this.#down = down.receiver(layout.length, layout);
    this.#ends = new Map<string, Sender | Receiver>([
      ["up", this.#up],
      ["down", this.#down],
    ]);
    this.#participation = participation && new Participation(participation, peer.view.workers, peer.rng);
    this.#missed = vector(participation === undefined ? 0 : layout.length);
  }

  async enter(round: Round, replica: Replica): Promise<Entry> {
    const participation = this.#participation;
    if (participation === undefined) return { role: "worker", note: 0 };
    this.#known ??= round.number;
    const { rounds } = this.#settings;
    if (!participation.of(round.number).includes(this.#peer.id)) {
      if (round.number + 1 !== rounds) return { role: "absent", note: 0 };
      const body = await this.#peer.receive(this.#server, tagOf("state", { ...round, number: rounds }));
      return this.#toldTheEnd(body, rounds);
    }
    if (this.#known === round.number) return { role: "worker", note: 0 };
    const body = await this.#peer.receive(this.#server, tagOf("state", round));
    if (splitNote(body).note !== 0) return this.#toldTheEnd(body, round.number);
    await this.#peer.work("decode", this.#settings.codecCost, () => this.#catchUp(body, round, replica));
    this.#peer.recycle(body);
    this.#known = round.number;
    return { role: "worker", note: 0 };
  }

  #catchUp(body: Uint8Array, round: Round, replica: Replica): void {
    const ends = { replica, receiver: this.#down, scratch: this.#missed };
    catchUp(splitNote(body).message, this.#known!, round.number, ends, (number, attempt) =>
      downRandom(this.#peer, tagOf("down", { ...round, number, attempt })),
    );
  }

  /** The run ended while this worker was absent. @throws {CorruptError} unless it did before `now` */
  #toldTheEnd(body: Uint8Array, now: number): Entry {
    const { message, note } = splitNote(body);
    const source = new ByteSource(message, "end of the run");
    const at = source.u32();
    source.end();
    if (at < this.#known! || at > now) throw source.corrupt(`a round from ${this.#known} to ${now}`, at);
    this.#peer.recycle(body);
    return { role: "absent", note, at };
  }

  average(own: Float32Array | null, out: Float32Array, round: Round, note: Note): Promise<Note> {
    assert(own !== null, "a worker takes part with a vector");
    const peer = this.#peer;
    const { codecCost } = this.#settings;
    const upTag = tagOf("up", round);
    const downTag = tagOf("down", round);
    return settle([...this.#ends.values()], async () => {
      const message = await peer.work("encode", codecCost, () =>
        this.#up.encode(own, messageRandom(peer, peer.id, upTag)),
      );
      await peer.send(this.#server, upTag, withNote(message, note));
      const body = await peer.receive(this.#server, downTag);
      const result = splitNote(body);
      if (result.note === 0) {
        await peer.work("decode", codecCost, () =>
          this.#down.decode(
            result.message,
            out,
            this.#each ? downRandom(peer, downTag, peer.id) : downRandom(peer, downTag),
          ),
        );
        this.#known = round.number + 1;
      }
      peer.recycle(body);
      return result.note;
    });
  }

  rescale(factor: number): void {
    this.#up.rescale?.(factor);
  }

  save(): NamedVectors {
    return saveEnds(this.#ends);
  }

  restore(saved: NamedVectors): void {
    restoreEnds(this.#ends, saved);
    // Memories that a worker mirrors may be from before its absence, which a checkpoint does not tell: all get the state.
    this.#known = mirrors(this.#down) ? 0 : undefined;
  }
}
