/**
 * Adasum by vector halving and distance doubling: the tree of `aggregators/adasum.ts`, with its work and its bytes shared
 * out evenly. P = 2^⌊log₂ n⌋; rank P + i first joins rank i (`hypercube.ts`).
 *
 *     halving, ℓ = 1, 2, …, P/2:   p gives one half of its range to p xor ℓ and has, of the other, a (lower place) and b
 *                                  each layer: a·b, ‖a‖², ‖b‖² on that range, summed over the 2ℓ places that share a and b
 *                                  range ← pair(a, b) with these sums
 *     doubling, ℓ = P/2, …, 2, 1:  p sends what it has to p xor ℓ, and takes what that one has
 *
 * The sums are exchanged with p xor 1, 2, …, ℓ in turn; a + b = b + a in every bit, so all 2ℓ places have the same. They are
 * f64, and each pair is rounded to f32 once, as in the tree; only the order of their terms differs.
 *
 * A round takes 2(P − 1)/P of the vector through each port, and 24 bytes a layer log₂ P (log₂ P + 1)/2 times. A member that
 * is no worker counts as a zero vector, which changes nothing but the pairing.
 * @see Maleki, Musuvathi, Mytkowicz, Saarikivi et al. 2020, "Scaling Distributed Training with Adaptive Summation",
 *   arXiv:2006.02924
 */
import { type AdasumOptions, addProducts, combinePair } from "../aggregators/adasum.ts";
import { CorruptError } from "../base/errors.ts";
import { flatLayout, type Layout } from "../base/layout.ts";
import { bytes } from "../base/units.ts";
import { checkReceived, checkSum } from "../channels/ends.ts";
import { ByteSource } from "../coding/bytes.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import type { Peer } from "../ports/peer.ts";
import { rankOf } from "../ports/view.ts";
import { type Round, tagOf } from "../rounds/round.ts";
import { type Reduction, ScheduledEnd } from "./all-reduce-end.ts";
import { bytesOfSchedules, type Slice } from "./all-reduce-schedule.ts";
import { halving } from "./halving-doubling.ts";
import { distancesOf, ends, halvings, type Seat } from "./hypercube.ts";
import type { Pattern, PatternSettings } from "./pattern.ts";

/** a·b, ‖a‖², ‖b‖² in f64. */
const PRODUCTS = 3;

export function adasumAllReduce({ perLayer = true }: AdasumOptions = {}): Pattern {
  const name = perLayer ? "adasum-all-reduce" : "adasum-all-reduce:per-layer=false";
  const schedule = (rank: number, n: number, length: number) => {
    const seat = ends(rank, n);
    const distances = distancesOf(seat.size);
    return { ...halving(seat, distances, length), parts: 1 + distances.length };
  };
  return {
    name,
    open(peer, layout, settings, memory) {
      const { length } = layout;
      const [rank, n] = [rankOf(peer.view, peer.id), peer.view.members.length];
      const reduction = new Pairing(name, peer, perLayer ? layout : flatLayout(length), ends(rank, n), settings);
      const sum = memory.vector("sum", length);
      return new ScheduledEnd({ name, peer, schedule: schedule(rank, n, length), reduction }, sum, settings);
    },
    /** For one layer. */
    uncompressedBytes({ members: { length: n } }, length) {
      const { size } = ends(0, n);
      const levels = distancesOf(size).length;
      const sums = (size * levels * (levels + 1)) / 2;
      return bytes(bytesOfSchedules(schedule, n, length) + sums * (FRAME_BYTES + 8 * PRODUCTS));
    },
  };
}

/** What of a layer lies in the range of a level. */
interface Piece {
  /** Within the range. */
  readonly slice: Slice;
  readonly products: Float64Array;
}

interface Level {
  /** Ranks that add their sums, one after the other. */
  readonly partners: readonly number[];
  /** This member's own vector is a. */
  readonly lower: boolean;
  readonly pieces: readonly Piece[];
}

class Pairing implements Reduction {
  readonly factor = 1;
  readonly #name: string;
  readonly #peer: Peer;
  readonly #settings: PatternSettings;
  readonly #parts: number;
  /** One for each slice that is taken: first a guest's vector, which is here as a whole. */
  readonly #levels: readonly Level[];
  readonly #guests: number;
  readonly #products: Float64Array;
  readonly #received: Float64Array;

  constructor(name: string, peer: Peer, layout: Layout, seat: Seat, settings: PatternSettings) {
    const distances = distancesOf(seat.size);
    this.#name = name;
    this.#peer = peer;
    this.#settings = settings;
    this.#parts = 1 + distances.length;
    this.#products = new Float64Array(PRODUCTS * layout.tensors.length);
    this.#received = new Float64Array(this.#products.length);
    const guest = seat.guest === undefined ? [] : [{ partners: [], lower: true, keeps: [0, layout.length] as Slice }];
    const place = seat.place ?? 0;
    const halves = seat.place === undefined ? [] : halvings(place, distances, layout.length);
    const levels = halves.map(({ keeps }, level) => ({
      partners: distances.slice(0, level + 1).map((distance) => seat.rankAt(place ^ distance)),
      lower: (place & distances[level]!) === 0,
      keeps,
    }));
    this.#guests = guest.length;
    this.#levels = [...guest, ...levels].map(({ keeps, ...level }) => ({
      ...level,
      pieces: this.#pieces(layout, keeps),
    }));
  }

  #pieces({ tensors }: Layout, [start, end]: Slice): Piece[] {
    return tensors
      .map(({ offset, length }, i) => ({
        slice: [Math.max(offset, start) - start, Math.min(offset + length, end) - start] as const,
        products: this.#products.subarray(PRODUCTS * i, PRODUCTS * (i + 1)),
      }))
      .filter(({ slice: [from, to] }) => from < to);
  }

  async merge(k: number, own: Float32Array, received: Float32Array, round: Round): Promise<void> {
    const { codecCost } = this.#settings;
    const { partners, lower, pieces } = this.#levels[k]!;
    const [a, b] = lower ? [own, received] : [received, own];
    await this.#peer.work("decode", codecCost, () => {
      checkReceived(received, this.#name); // before its products reach others, who would take them for this peer's fault
      this.#products.fill(0);
      for (const { slice, products } of pieces) addProducts(a.subarray(...slice), b.subarray(...slice), products);
    });
    for (const partner of partners) await this.#share(partner, k - this.#guests, round);
    await this.#peer.work("decode", codecCost, () => {
      for (const { slice, products } of pieces) {
        combinePair(a.subarray(...slice), b.subarray(...slice), products, own.subarray(...slice));
      }
      checkSum(own, received, this.#name);
    });
  }

  /** Adds the sums of a partner, who adds these. */
  async #share(partner: number, level: number, round: Round): Promise<void> {
    const peer = this.#peer;
    const id = peer.view.members[partner]!;
    const tag = tagOf("up", { ...round, part: (round.part ?? 0) * this.#parts + 1 + level });
    await peer.send(id, tag, bytesOf(this.#products));
    const body = await peer.receive(id, tag);
    const source = new ByteSource(body, this.#name);
    bytesOf(this.#received).set(source.bytes(this.#received.byteLength));
    source.end();
    for (let i = 0; i < this.#products.length; i++) {
      const value = this.#received[i]!;
      if (!Number.isFinite(value)) throw new CorruptError(this.#name, { expected: "finite products", got: value });
      this.#products[i]! += value;
    }
    peer.recycle(body);
  }
}

const bytesOf = (x: Float64Array): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
