/**
 * The sparsifier of entries that both ends draw: its messages are values alone.
 */
import type { Random } from "../base/random.ts";
import { type Bytes, bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { type Kernels, vector, wordsVector } from "../kernels/index.ts";
import { nonFiniteInput } from "./non-finite.ts";
import type { SharedPositions } from "./shared-positions.ts";
import type { FusedSparsifier } from "./sparse.ts";
import type { Kept } from "./sparsity.ts";

const { fround } = Math;

/** Magnitude bits of f32 infinity; NaN has larger ones. */
const INFINITY_BITS = 0x7f800000;

export class Drawn implements FusedSparsifier {
  readonly maxBytes: Bytes = bytes(0);
  readonly most: number;
  readonly keepsZeros = true;
  readonly #name: string;
  readonly #shared: SharedPositions;
  readonly #scale: number;
  readonly #using: Kernels;
  readonly #values: Float32Array;
  /** One that is not finite, if any is. */
  readonly #position: Uint32Array = wordsVector(1);
  readonly #value: Float32Array = vector(1);

  /** @param most entries that `shared` may draw @param scale of what is kept: the value sent is fround(fround(scale)·x_i) */
  constructor(name: string, most: number, shared: SharedPositions, scale: number, using: Kernels) {
    this.most = most;
    this.#name = name;
    this.#shared = shared;
    this.#scale = fround(scale);
    this.#using = using;
    this.#values = vector(most);
  }

  select(x: Float32Array, _into: ByteSink, rng: Random): Kept {
    if (!this.#using.allFinite(x)) throw nonFiniteInput(this.#name);
    return this.#keep(x, rng);
  }

  selectSum(x: Float32Array, e: Float32Array, p: Float32Array, _into: ByteSink, rng: Random): Kept {
    const found = this.#using.addSelect(x, e, p, INFINITY_BITS, this.#position, this.#value);
    if (found > 0) throw nonFiniteInput(this.#name);
    return this.#keep(p, rng);
  }

  positions(_from: ByteSource, rng: Random): Uint32Array {
    return this.#shared.draw(rng);
  }

  #keep(x: Float32Array, rng: Random): Kept {
    const positions = this.#shared.draw(rng);
    const values = this.#values.subarray(0, positions.length);
    this.#using.gather(x, positions, values);
    for (let j = 0; j < values.length; j++) values[j] = values[j]! * this.#scale + 0; // + 0 turns −0 into +0
    if (!this.#using.allFinite(values)) throw nonFiniteInput(`${this.#name}, scaled by ${this.#scale}`);
    return { positions, values };
  }
}
