/**
 * All-reduce by a schedule: sums of slices until each is whole at one member, which decides its bits, then copies until all
 * members have all. In f32; the schedule fixes the order of each sum, so every member has the same bits.
 *
 * Notes ride on the messages that sum: each carries the largest that its sender knows. Who owns a slice has heard all when
 * it is whole; who has not hears of it in the gather, before anything was kept. So either all go on or none does.
 */
import { assert } from "../base/errors.ts";
import { checkLength } from "../base/layout.ts";
import { checkReceived, checkSum } from "../channels/ends.ts";
import { kernels } from "../kernels/index.ts";
import type { Kind, Peer } from "../ports/peer.ts";
import { type PeerId, rankOf } from "../ports/view.ts";
import { type Round, tagOf } from "../rounds/round.ts";
import {
  type Algorithm,
  bytesOfSchedules,
  isEmpty,
  type Move,
  type Schedule,
  type Slice,
} from "./all-reduce-schedule.ts";
import { splitNote, splitResult, withNote } from "./notes.ts";
import type { Exchange, Note, Pattern, PatternSettings } from "./pattern.ts";
import { bytesOf, NOTHING, takeOwn, valuesOf } from "./plain.ts";

/** What becomes of two slices that meet. */
export interface Reduction {
  /** own ← own ⊕ received. @param k counts the slices that this member took in the round */
  merge(k: number, own: Float32Array, received: Float32Array, round: Round): Promise<void>;
  /** What whole slices are multiplied by. */
  readonly factor: number;
}

/** The mean of the workers' vectors; a member that is no worker adds nothing. */
export const scheduled = (name: string, algorithm: Algorithm): Pattern => ({
  name,
  open(peer, { length }, settings, memory) {
    const { members, workers } = peer.view;
    const schedule = algorithm(rankOf(peer.view, peer.id), members.length, length);
    return new ScheduledEnd(
      { name, peer, schedule, reduction: sumOf(name, peer, settings, workers.length) },
      memory.vector("sum", length),
      settings,
    );
  },
  uncompressedBytes: ({ members }, length) => bytesOfSchedules(algorithm, members.length, length),
});

const sumOf = (name: string, peer: Peer, { codecCost }: PatternSettings, workers: number): Reduction => ({
  merge: (_, own, received) =>
    peer.work("decode", codecCost, () => {
      kernels.add(received, own, own);
      checkSum(own, received, name); // what came was finite if this is
    }),
  factor: 1 / workers,
});

export interface ScheduledParts {
  readonly name: string;
  readonly peer: Peer;
  readonly schedule: Schedule;
  readonly reduction: Reduction;
}

export class ScheduledEnd implements Exchange {
  readonly #parts: ScheduledParts;
  readonly #members: readonly PeerId[];
  readonly #settings: PatternSettings;
  /** Partial sums of this round. */
  readonly #sum: Float32Array;

  constructor(parts: ScheduledParts, sum: Float32Array, settings: PatternSettings) {
    this.#parts = parts;
    this.#members = parts.peer.view.members;
    this.#settings = settings;
    this.#sum = sum;
  }

  async average(
    own: Float32Array | null,
    out: Float32Array,
    round: Round,
    note: Note,
    answer?: (aggregate: Float32Array) => Float32Array,
  ): Promise<Note> {
    assert(answer === undefined, "an all-reduce has no server that could answer");
    checkLength(out, this.#sum.length, this.#parts.name);
    await this.#codec("encode", () => takeOwn(own, this.#sum, this.#parts.name));
    const told = await this.#reduce(round, note);
    return this.#gather(out, round, told);
  }

  /** @returns the largest note that this member knows of */
  async #reduce(round: Round, note: Note): Promise<Note> {
    const { name, schedule, reduction, peer } = this.#parts;
    let loudest = note;
    let k = 0;
    for (const move of schedule.reduce) {
      const slice = this.#sum.subarray(...move.slice);
      if (move.does === "send") {
        await this.#send("up", move, round, withNote(bytesOf(slice), loudest));
        continue;
      }
      const body = await this.#receive("up", move, round);
      const told = splitNote(body);
      loudest = Math.max(loudest, told.note);
      await reduction.merge(k++, slice, valuesOf(told.message, slice.length, name), round);
      peer.recycle(body);
    }
    return loudest;
  }

  /** Writes `out` if no note was told. @returns the largest note told by any member */
  async #gather(out: Float32Array, round: Round, note: Note): Promise<Note> {
    const { name, schedule, peer } = this.#parts;
    let loudest = note;
    if (loudest === 0) await this.#codec("encode", () => this.#finish(out, schedule.own));
    for (const move of schedule.gather) {
      if (loudest !== 0 && !move.late) continue;
      const slice = out.subarray(...move.slice);
      if (move.does === "send") {
        const message = loudest === 0 ? bytesOf(slice) : NOTHING;
        await this.#send("down", move, round, move.late ? withNote(message, loudest) : [message]);
        continue;
      }
      const body = await this.#receive("down", move, round);
      const { message, note: told } = move.late ? splitResult(body) : { message: body, note: 0 };
      loudest = Math.max(loudest, told);
      if (told === 0) {
        await this.#codec("decode", () => {
          slice.set(valuesOf(message, slice.length, name));
          checkReceived(slice, name);
        });
      }
      peer.recycle(body);
    }
    return loudest;
  }

  #finish(out: Float32Array, slice: Slice): void {
    if (isEmpty(slice)) return;
    const mine = out.subarray(...slice);
    mine.set(this.#sum.subarray(...slice));
    if (this.#parts.reduction.factor !== 1) kernels.scale(this.#parts.reduction.factor, mine);
  }

  #send(kind: Kind, move: Move, round: Round, body: readonly Uint8Array[]): Promise<void> {
    return this.#parts.peer.send(this.#members[move.peer]!, tagOf(kind, this.#part(move, round)), body);
  }

  #receive(kind: Kind, move: Move, round: Round): Promise<Uint8Array> {
    return this.#parts.peer.receive(this.#members[move.peer]!, tagOf(kind, this.#part(move, round)));
  }

  #part({ part }: Move, round: Round): Round {
    return { ...round, part: (round.part ?? 0) * this.#parts.schedule.parts + part };
  }

  #codec(label: "encode" | "decode", body: () => void): Promise<void> {
    return this.#parts.peer.work(label, this.#settings.codecCost, body);
  }
}
