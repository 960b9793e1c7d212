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
import { restoreEnds, saveEnds } from "./ends.ts";
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
    this.#known ??= round.number; // a run that goes on from a checkpoint has everyone up to date
    const participation = this.#participation;
    if (participation !== undefined && !participation.of(round.number).includes(this.#peer.id)) {
      return { role: "absent", note: 0 };
    }
    if (this.#known === round.number) return { role: "worker", note: 0 };
    const body = await this.#peer.receive(this.#server, tagOf("state", round));
    const { message, note } = splitNote(body);
    if (note !== 0) return { role: "absent", note, at: new ByteSource(message, "end of the run").u32() };
    await this.#peer.work("decode", this.#settings.codecCost, () =>
      catchUp(
        message,
        this.#known!,
        round.number,
        { replica, receiver: this.#down, scratch: this.#missed },
        (number, attempt) => downRandom(this.#peer, tagOf("down", { ...round, number, attempt })),
      ),
    );
    this.#peer.recycle(body);
    this.#known = round.number;
    return { role: "worker", note: 0 };
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
  }
}
