/** Sums and checks over one vector. */
import { bitsOf } from "./bits.ts";

const BLOCK = 4096;

/** A running sum by the law of sums: entries are added one by one, in order. */
export class LawfulSum {
  readonly #lanes = new Float64Array(8);
  #count = 0;
  #settled = 0;

  add(value: number): void {
    this.#lanes[this.#count & 7]! += value;
    this.#count += 1;
    if (this.#count === BLOCK) this.#settle();
  }

  /** The sum; ends the last block. */
  total(): number {
    if (this.#count > 0) this.#settle();
    return this.#settled;
  }

  /** Of magnitudes: the sum, or NaN. No sum of finite f32 magnitudes overflows an f64, so only a non-finite entry does. */
  totalIfFinite(): number {
    const total = this.total();
    return Number.isFinite(total) ? total : Number.NaN;
  }

  #settle(): void {
    const lane = this.#lanes;
    this.#settled += lane[0]! + lane[1]! + (lane[2]! + lane[3]!) + (lane[4]! + lane[5]! + (lane[6]! + lane[7]!));
    lane.fill(0);
    this.#count = 0;
  }
}

export function sumMagnitudes(x: Float32Array): number {
  const sum = new LawfulSum();
  for (let i = 0; i < x.length; i++) sum.add(Math.abs(x[i]!));
  return sum.total();
}

export function sumSquares(x: Float32Array): number {
  const sum = new LawfulSum();
  for (let i = 0; i < x.length; i++) sum.add(x[i]! * x[i]!);
  return sum.total();
}

export function allFinite(x: Float32Array): boolean {
  const bits = bitsOf(x);
  for (let i = 0; i < bits.length; i++) if ((bits[i]! & 0x7f800000) === 0x7f800000) return false;
  return true;
}

export function maxMagnitude(x: Float32Array): number {
  let max = 0;
  for (let i = 0; i < x.length; i++) max = Math.max(max, Math.abs(x[i]!));
  return max;
}
