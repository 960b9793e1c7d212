/**
 * The tensors of a vector as two smaller vectors: one of the P's and of all that is not factored, one of the Q's.
 *
 *     first   each tensor in its order: (r, n) for P of a matrix n × m, or the tensor as it is
 *     second  (r, m) for Q of each matrix
 *
 * A tensor of more than two dimensions is a matrix of its first by the rest.
 */
import { type Layout, layoutOf, type TensorSlot, tensorOf } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import { kernels, vector } from "../kernels/index.ts";
import { addProduct, orthonormalise, times, transposeTimes } from "./factors.ts";

interface Plain {
  readonly slot: TensorSlot;
  readonly own: Float32Array;
  readonly mean: Float32Array;
}

interface Matrix {
  readonly slot: TensorSlot;
  readonly rank: number;
  readonly ownP: Float32Array;
  readonly p: Float32Array;
  readonly ownQ: Float32Array;
  readonly q: Float32Array;
  readonly nextQ: Float32Array;
}

export class LowRank {
  readonly first: Layout;
  readonly second: Layout;
  /** This peer's share of the first exchange, and the mean of all. */
  readonly own: Float32Array;
  readonly mean: Float32Array;
  /** This peer's share of the second exchange, the mean of all, and that of the round before. */
  readonly ownQ: Float32Array;
  readonly nextQ: Float32Array;
  readonly q: Float32Array;
  readonly #plain: readonly Plain[];
  readonly #matrices: readonly Matrix[];

  /** @param leastRate only matrices with n m > leastRate · r (n + m) are factored @param rng of the first Q */
  constructor({ tensors }: Layout, rank: number, leastRate: number, rng: Random) {
    const shapes = tensors.map((slot) => ({ slot, factors: factorShapes(slot, rank, leastRate) }));
    this.first = layoutOf(shapes.map(({ slot, factors }) => [slot.name, factors?.p ?? slot.shape]));
    this.second = layoutOf(
      shapes.flatMap(({ slot, factors }) => (factors === undefined ? [] : [[slot.name, factors.q] as const])),
    );
    this.own = vector(this.first.length);
    this.mean = vector(this.first.length);
    this.ownQ = vector(this.second.length);
    this.nextQ = vector(this.second.length);
    this.q = vector(this.second.length);
    const inSecond = new Map(this.second.tensors.map((slot) => [slot.name, slot]));
    const plain: Plain[] = [];
    const matrices: Matrix[] = [];
    for (const [index, slot] of tensors.entries()) {
      const at = this.first.tensors[index]!;
      const qAt = inSecond.get(slot.name);
      const own = tensorOf(this.own, at);
      const mean = tensorOf(this.mean, at);
      if (qAt === undefined) plain.push({ slot, own, mean });
      else {
        const [ownQ, nextQ, q] = [this.ownQ, this.nextQ, this.q].map((all) => tensorOf(all, qAt));
        matrices.push({ slot, rank: qAt.shape[0]!, ownP: own, p: mean, ownQ: ownQ!, nextQ: nextQ!, q: q! });
      }
    }
    this.#plain = plain;
    this.#matrices = matrices;
    this.refresh(rng);
    this.q.set(this.nextQ);
  }

  /** Own share of the first exchange: P = M Q of each matrix. @returns m */
  project(m: Float32Array): Float32Array {
    for (const { slot, own } of this.#plain) own.set(tensorOf(m, slot));
    for (const { slot, rank, q, ownP } of this.#matrices) times(tensorOf(m, slot), q, rank, ownP);
    return m;
  }

  /** Makes the columns of each mean P orthonormal, and the own share of the second exchange: Q = Mᵀ P. */
  factor(m: Float32Array | null): void {
    for (const { slot, rank, p, ownQ } of this.#matrices) {
      orthonormalise(p, rank);
      if (m !== null) transposeTimes(tensorOf(m, slot), p, rank, ownQ);
    }
  }

  /** What the means stand for: P Qᵀ of each matrix. */
  decode(out: Float32Array): void {
    for (const { slot, mean } of this.#plain) tensorOf(out, slot).set(mean);
    for (const { slot, rank, p, nextQ } of this.#matrices) {
      const matrix = tensorOf(out, slot);
      matrix.fill(0);
      addProduct(1, p, nextQ, rank, matrix);
    }
  }

  /** m becomes what this peer's own share lacks of it: M − P (own Q)ᵀ, and 0 where a tensor is not factored. */
  subtract(m: Float32Array): void {
    for (const { slot } of this.#plain) tensorOf(m, slot).fill(0);
    for (const { slot, rank, p, ownQ } of this.#matrices) addProduct(-1, p, ownQ, rank, tensorOf(m, slot));
  }

  /** Draws columns of the next Q that are 0 anew: they would stay 0. */
  refresh(rng: Random): void {
    for (const { slot, rank, nextQ } of this.#matrices) {
      const columns = nextQ.length / rank;
      for (let k = 0; k < rank; k++) {
        const column = nextQ.subarray(k * columns, (k + 1) * columns);
        if (kernels.maxMagnitude(column) > 0) continue;
        const normals = rng.split(`${slot.name}/${k}`);
        for (let j = 0; j < columns; j++) column[j] = normals.normal(j);
      }
    }
  }
}

/** Shapes of P and Q; undefined where the tensor is none, or too small to gain by it. */
function factorShapes({ shape, length }: TensorSlot, rank: number, leastRate: number) {
  if (shape.length < 2) return undefined;
  const rows = shape[0]!;
  const columns = length / rows;
  const r = Math.min(rank, rows, columns);
  return length > leastRate * r * (rows + columns) ? { p: [r, rows], q: [r, columns] } : undefined;
}
