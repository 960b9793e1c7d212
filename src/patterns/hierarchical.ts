/**
 * Hierarchical exchange: members in groups, the first of each its leader, and any pattern among the leaders.
 *
 *     member:  sends v_i in plain f32 to its leader
 *     leader:  s = (q/n) Σ v_i over its group, for q groups of n workers; out = inner(s_1, …, s_q)
 *     member:  takes out from its leader, in plain f32
 *
 * So the mean of the leaders is the mean of all; of groups of one size, s is the mean, for patterns that are not linear. Where
 * members of a group are near each other and groups are far apart, only leaders use the long wires. A group's sum is in
 * rank order. Leaders hear the notes of their groups with the vectors, and members the largest of all with the result, or
 * in its place.
 * @see Gan et al. 2021, "BAGUA: Scaling up Distributed Learning with System Relaxations", arXiv:2107.01499
 */
import { assert, ConfigError } from "../base/errors.ts";
import { checkLength } from "../base/layout.ts";
import { bytes, type Seconds } from "../base/units.ts";
import { checkReceived, checkSum } from "../channels/ends.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import { kernels } from "../kernels/index.ts";
import type { Peer } from "../ports/peer.ts";
import { type PeerId, rankOf, type View } from "../ports/view.ts";
import { type Round, tagOf } from "../rounds/round.ts";
import { NOTE_BYTES, splitNote, splitResult, withNote } from "./notes.ts";
import type { Exchange, Note, Pattern } from "./pattern.ts";
import { peerWith } from "./peer-with.ts";
import { bytesOf, NOTHING, takeOwn, valuesOf } from "./plain.ts";

export interface HierarchicalOptions {
  /** Members of a group, by rank; the last group may be smaller. At least 1. */
  readonly groupSize: number;
}

/** @throws {ConfigError} unless groups have a whole number of members, and all take part in every round */
export function hierarchical(inner: Pattern, { groupSize }: HierarchicalOptions): Pattern {
  const name = `hierarchical(${groupSize}, ${inner.name})`;
  if (!Number.isInteger(groupSize) || groupSize < 1) {
    throw new ConfigError(name, { expected: "groups of at least one member", got: groupSize });
  }
  if (inner.partial === true) {
    throw new ConfigError(name, { expected: "a pattern in which all take part in every round", got: inner.name });
  }
  return {
    name,
    open(peer, layout, { codecCost, ...settings }, memory) {
      const { members } = peer.view;
      const rank = rankOf(peer.view, peer.id);
      const first = rank - (rank % groupSize);
      const sum = memory.vector("sum", layout.length);
      if (rank !== first) return new MemberEnd(name, peer, members[first]!, sum, codecCost);
      const { elastic, parts } = settings;
      const above = inner.open(
        peerWith(peer, { view: leadersOf(peer.view, groupSize) }),
        layout,
        {
          codecCost,
          ...(elastic && { elastic }),
          ...(parts !== undefined && { parts: Math.ceil(parts / groupSize) }),
        },
        memory.within("leaders"),
      );
      const group = members.slice(first + 1, first + groupSize);
      const factor = Math.ceil(members.length / groupSize) / peer.view.workers.length;
      return new LeaderEnd({ name, peer, group, inner: above, factor }, sum, codecCost);
    },
    uncompressedBytes(view, length) {
      const leaders = leadersOf(view, groupSize);
      const below = view.members.filter((id) => !leaders.members.includes(id));
      const vectors = below.length + below.filter((id) => view.workers.includes(id)).length;
      const own = 2 * below.length * (FRAME_BYTES + NOTE_BYTES) + 4 * length * vectors;
      return bytes(own + inner.uncompressedBytes(leaders, length));
    },
  };
}

/** Leaders speak for workers, whether they are any or not. */
function leadersOf({ epoch, members }: View, groupSize: number): View {
  const leaders = members.filter((_, rank) => rank % groupSize === 0);
  return { epoch, members: leaders, workers: leaders };
}

interface LeaderParts {
  readonly name: string;
  readonly peer: Peer;
  /** The others of the group, in rank order. */
  readonly group: readonly PeerId[];
  /** Among leaders. */
  readonly inner: Exchange;
  /** q/n */
  readonly factor: number;
}

class LeaderEnd implements Exchange {
  readonly #parts: LeaderParts;
  readonly #codecCost: Seconds | undefined;
  readonly #sum: Float32Array;

  constructor(parts: LeaderParts, sum: Float32Array, codecCost: Seconds | undefined) {
    this.#parts = parts;
    this.#codecCost = codecCost;
    this.#sum = sum;
  }

  async average(
    own: Float32Array | null,
    out: Float32Array,
    round: Round,
    note: Note,
    answer?: (aggregate: Float32Array) => Float32Array,
  ): Promise<Note> {
    assert(answer === undefined, "leaders cannot answer with another vector");
    const { peer, group, inner } = this.#parts;
    const loudest = await this.#collect(own, round, note);
    const told = await inner.average(this.#sum, out, round, loudest);
    await peer.send(group, tagOf("down", round), withNote(told === 0 ? bytesOf(out) : NOTHING, told));
    return told;
  }

  async #collect(own: Float32Array | null, round: Round, note: Note): Promise<Note> {
    const { name, peer, group, factor } = this.#parts;
    const codecCost = this.#codecCost;
    let loudest = note;
    await peer.work("encode", codecCost, () => takeOwn(own, this.#sum, name));
    for (const member of group) {
      const body = await peer.receive(member, tagOf("up", round));
      const told = splitNote(body);
      loudest = Math.max(loudest, told.note);
      const length = peer.view.workers.includes(member) ? this.#sum.length : 0;
      await peer.work("decode", codecCost, () => {
        const vector = valuesOf(told.message, length, name);
        if (length > 0) kernels.add(vector, this.#sum, this.#sum);
        checkSum(this.#sum, vector, name); // now, when it is known whose fault it is
      });
      peer.recycle(body);
    }
    await peer.work("decode", codecCost, () => kernels.scale(factor, this.#sum));
    return loudest;
  }

  rescale(factor: number): void {
    this.#parts.inner.rescale?.(factor);
  }
}

class MemberEnd implements Exchange {
  readonly #name: string;
  readonly #peer: Peer;
  readonly #leader: PeerId;
  readonly #codecCost: Seconds | undefined;
  readonly #own: Float32Array;

  constructor(name: string, peer: Peer, leader: PeerId, own: Float32Array, codecCost: Seconds | undefined) {
    this.#name = name;
    this.#peer = peer;
    this.#leader = leader;
    this.#codecCost = codecCost;
    this.#own = own;
  }

  async average(own: Float32Array | null, out: Float32Array, round: Round, note: Note): Promise<Note> {
    const peer = this.#peer;
    const codecCost = this.#codecCost;
    checkLength(out, this.#own.length, this.#name);
    await peer.work("encode", codecCost, () => takeOwn(own, this.#own, this.#name));
    await peer.send(this.#leader, tagOf("up", round), withNote(own === null ? NOTHING : bytesOf(this.#own), note));
    const body = await peer.receive(this.#leader, tagOf("down", round));
    const told = splitResult(body);
    if (told.note === 0) {
      await peer.work("decode", codecCost, () => {
        const result = valuesOf(told.message, out.length, this.#name);
        checkReceived(result, this.#name);
        out.set(result);
      });
    }
    peer.recycle(body);
    return told.note;
  }
}
