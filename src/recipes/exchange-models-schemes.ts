/**
 * Schemes: what of a peer's model x, its direction u and the rate η is mixed, and what becomes of it. In each, the mean of
 * all models moves by −η times the mean of all directions: mixing only draws peers together.
 */
import type { NamedVectors } from "../base/state.ts";
import { kernels, vector } from "../kernels/index.ts";

export interface Scheme {
  readonly name: string;
  /** Of what the vector that is mixed consists, d entries each. */
  readonly parts: readonly string[];
  /** What W must be beyond having columns that sum to 1. */
  readonly needs?: "doubly stochastic" | "symmetric";
  /** At one peer. @param length d */
  open(length: number): Mixing;
}

export interface Mixing {
  /** Writes into `own` what is mixed. Absent where that is x as it is. */
  before?(x: Float32Array, u: Float32Array, rate: number, own: Float32Array): void;
  /** The round counts: x from what came of the mixing. */
  after(x: Float32Array, mixed: Float32Array, u: Float32Array, rate: number): void;
  /** Settled, in place. */
  readonly state: NamedVectors;
}

const NOTHING: NamedVectors = new Map();

/** x ← W x − η u */
export const combineThenAdapt: Scheme = {
  name: "combine-then-adapt",
  parts: ["x"],
  open: () => ({
    after(x, mixed, u, rate) {
      x.set(mixed);
      kernels.axpy(-rate, u, x);
    },
    state: NOTHING,
  }),
};

/** x ← W (x − η u) */
export const adaptThenCombine: Scheme = {
  name: "adapt-then-combine",
  parts: ["x"],
  open: () => ({
    before(x, u, rate, own) {
      own.set(x);
      kernels.axpy(-rate, u, own);
    },
    after: (x, mixed) => x.set(mixed),
    state: NOTHING,
  }),
};

/**
 * ψ⁺ = x − η u;  x⁺ = W (ψ⁺ + x − ψ), ψ_0 = x_0. The correction e = x − ψ takes away the pull of each peer's own data, so
 * that a constant η leads to the optimum of the mean; W must be symmetric and positive definite, as (W + I)/2 is.
 */
export const correctedDiffusion: Scheme = {
  name: "exact-diffusion",
  parts: ["x"],
  needs: "symmetric",
  open(length) {
    const psi = vector(length);
    const correction = vector(length);
    return {
      before(x, u, rate, own) {
        psi.set(x);
        kernels.axpy(-rate, u, psi);
        kernels.add(psi, correction, own);
      },
      after(x, mixed) {
        x.set(mixed);
        kernels.subtract(mixed, psi, correction);
      },
      state: new Map([["correction", correction]]),
    };
  },
};

/**
 * y = W y⁻ + u − u⁻, at first u;  x ← W x − η y. The mean of all y is the mean of all u, and each y tends to it. Both are
 * mixed in one message.
 */
export const trackedGradients: Scheme = {
  name: "gradient-tracking",
  parts: ["x", "y"],
  needs: "doubly stochastic",
  open(length) {
    const y = vector(length);
    const mixedY = vector(length);
    const last = vector(length);
    return {
      before(x, u, _, own) {
        kernels.subtract(u, last, y);
        kernels.add(mixedY, y, y);
        own.set(x);
        own.set(y, length);
      },
      after(x, mixed, u, rate) {
        x.set(mixed.subarray(0, length));
        kernels.axpy(-rate, y, x);
        mixedY.set(mixed.subarray(length));
        last.set(u);
      },
      state: new Map([
        ["mixed", mixedY],
        ["last", last],
      ]),
    };
  },
};
