/**
 * Ring all-reduce: the vector is cut into n slices, one for each member; each travels around the ring once to be summed
 * and once more to be known. Plain f32, indices mod n:
 *
 *     reduce-scatter, k = 0 … n − 2:  i sends slice i − k to i + 1, and adds to slice i − k − 1 what came of it from i − 1
 *     owner i of slice i + 1:         mean = sum / number of workers
 *     all-gather, k = 0 … n − 2:      i sends slice i + 1 − k to i + 1, and takes slice i − k from i − 1
 *
 * Slice c is summed in ring order from member c on, and its one owner decides its bits. A member that is no worker adds
 * nothing. Every member sends 2(n − 1)/n of the vector in 2(n − 1) messages, one after the other: no port carries more
 * than the others, but a round takes as many latencies.
 *
 * Notes ride on the reduce-scatter: a message carries the largest that its sender knows. Before step k member i knows
 * those of i − k … i, which holds for k = 0; what it hears in the step is the largest of i − 1 − k … i − 1. So after
 * n − 1 steps every member knows the largest of all, and either all go on to the all-gather or none does: the round is
 * undone before anything was kept.
 * @see Patarasuk & Yuan 2009, "Bandwidth Optimal All-reduce Algorithms for Clusters of Workstations"
 */
import { assert, NonFiniteError } from "../base/errors.ts";
import { checkLength } from "../base/layout.ts";
import { type NamedVectors, restoreInto } from "../base/state.ts";
import { bytes } from "../base/units.ts";
import { checkReceived } from "../channels/ends.ts";
import { ByteSource } from "../coding/bytes.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import { kernels, vector } from "../kernels/index.ts";
import type { Kind, Peer } from "../ports/peer.ts";
import { rankOf } from "../ports/view.ts";
import { type Round, tagOf } from "../rounds/round.ts";
import { NOTE_BYTES, splitNote, withNote } from "./notes.ts";
import type { Exchange, Note, Pattern, PatternSettings } from "./pattern.ts";

const NAME = "ring-all-reduce";

export const ringAllReduce: Pattern = {
  name: NAME,
  open: (peer, { length }, settings) => new RingEnd(peer, length, settings),
  uncompressedBytes({ members: { length: n } }, length) {
    return bytes(n * (n - 1) * (2 * FRAME_BYTES + NOTE_BYTES) + 2 * (n - 1) * 4 * length);
  },
};

class RingEnd implements Exchange {
  readonly #peer: Peer;
  readonly #settings: PatternSettings;
  readonly #rank: number;
  /** Partial sums of this round. */
  readonly #sum: Float32Array;

  constructor(peer: Peer, length: number, settings: PatternSettings) {
    this.#peer = peer;
    this.#settings = settings;
    this.#rank = rankOf(peer.view, peer.id);
    this.#sum = vector(length);
  }

  async average(
    own: Float32Array | null,
    out: Float32Array,
    round: Round,
    note: Note,
    answer?: (aggregate: Float32Array) => Float32Array,
  ): Promise<Note> {
    assert(answer === undefined, "a ring has no server that could answer");
    checkLength(out, this.#sum.length, NAME);
    await this.#codec("encode", () => this.#take(own));
    const loudest = await this.#reduceScatter(round, note);
    if (loudest === 0) await this.#allGather(out, round);
    return loudest;
  }

  /** @throws {NonFiniteError} */
  #take(own: Float32Array | null): void {
    if (own === null) {
      this.#sum.fill(0);
      return;
    }
    checkLength(own, this.#sum.length, NAME);
    if (!kernels.allFinite(own)) {
      const hint = "The training may have diverged: try a smaller learning rate.";
      throw new NonFiniteError(NAME, { expected: "finite entries", got: "NaN or infinity", hint });
    }
    this.#sum.set(own);
  }

  async #reduceScatter(round: Round, note: Note): Promise<Note> {
    let loudest = note;
    for (let k = 0; k < this.#steps; k++) {
      const partial = bytesOf(this.#slice(this.#sum, this.#rank - k));
      const body = await this.#pass("up", round, k, withNote(partial, loudest));
      const told = splitNote(body);
      loudest = Math.max(loudest, told.note);
      await this.#codec("decode", () => {
        const sum = this.#slice(this.#sum, this.#rank - k - 1);
        kernels.add(valuesOf(told.message, sum.length), sum, sum);
        checkReceived(sum, NAME); // what came was finite only if this is
      });
      this.#peer.recycle(body);
    }
    return loudest;
  }

  async #allGather(out: Float32Array, round: Round): Promise<void> {
    await this.#codec("encode", () => {
      const mine = this.#slice(out, this.#rank + 1);
      mine.set(this.#slice(this.#sum, this.#rank + 1));
      kernels.scale(1 / this.#peer.view.workers.length, mine);
    });
    for (let k = 0; k < this.#steps; k++) {
      const body = await this.#pass("down", round, k, [bytesOf(this.#slice(out, this.#rank + 1 - k))]);
      await this.#codec("decode", () => {
        const slice = this.#slice(out, this.#rank - k);
        slice.set(valuesOf(body, slice.length));
        checkReceived(slice, NAME);
      });
      this.#peer.recycle(body);
    }
  }

  /** A step: sends `body` to the right and returns what comes from the left. */
  async #pass(kind: Kind, round: Round, k: number, body: readonly Uint8Array[]): Promise<Uint8Array> {
    const { members } = this.#peer.view;
    const tag = tagOf(kind, { ...round, part: (round.part ?? 0) * this.#steps + k });
    await this.#peer.send(members[(this.#rank + 1) % members.length]!, tag, body);
    return this.#peer.receive(members.at(this.#rank - 1)!, tag);
  }

  /** Slice c mod n of a vector; slices differ by at most one entry, and some are empty where d < n. */
  #slice(x: Float32Array, c: number): Float32Array {
    const n = this.#steps + 1;
    const index = (c + n) % n; // c is at least −n
    return x.subarray(Math.floor((index * x.length) / n), Math.floor(((index + 1) * x.length) / n));
  }

  #codec(label: "encode" | "decode", body: () => void): Promise<void> {
    return this.#peer.work(label, this.#settings.codecCost, body);
  }

  get #steps(): number {
    return this.#peer.view.members.length - 1;
  }

  save(): NamedVectors {
    return new Map();
  }

  restore(saved: NamedVectors): void {
    restoreInto(new Map(), saved, NAME);
  }
}

const bytesOf = (x: Float32Array): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);

/** @throws {CorruptError} unless there are as many entries */
function valuesOf(message: Uint8Array, length: number): Float32Array {
  const source = new ByteSource(message, NAME);
  const values = source.f32s(length);
  source.end();
  return values;
}
