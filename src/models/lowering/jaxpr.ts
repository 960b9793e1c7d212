/**
 * The little that lowering needs to know of a traced program. jax-js's `Jaxpr` has this form; it promises no stability,
 * so nothing outside this folder sees it, and its version is pinned.
 */

import type { DType } from "../onnx/graph.ts";
import { LoweringError } from "./error.ts";

/** A variable, or a literal when it has a `value`. Variables are compared by identity. */
export interface Atom {
  readonly aval: { readonly shape: readonly number[]; readonly dtype: string };
  readonly value?: number;
}

export interface Equation {
  readonly primitive: string;
  readonly inputs: readonly Atom[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly outBinders: readonly Atom[];
}

export interface Jaxpr {
  readonly inBinders: readonly Atom[];
  readonly eqns: readonly Equation[];
  readonly outs: readonly Atom[];
}

const LOWERED = ["float32", "int32", "uint32", "bool"] as const;

/** The type of an atom. @throws {LoweringError} for f16 and f64, which have no lowering */
export function dtypeOf(atom: Atom): DType {
  const found = LOWERED.find((dtype) => dtype === atom.aval.dtype);
  if (found !== undefined) return found;
  throw new LoweringError("model graph", { expected: `values of type ${LOWERED.join(", ")}`, got: atom.aval.dtype });
}

/** Finds the equation that defines an atom, for patterns that span several equations. */
export class Definitions {
  readonly #definitions = new Map<Atom, Equation>();
  readonly #rectified = new Set<Atom>();

  constructor(jaxpr: Jaxpr) {
    for (const equation of jaxpr.eqns) {
      for (const out of equation.outBinders) this.#definitions.set(out, equation);
      const [x, bound] = equation.inputs;
      if (equation.primitive === "max" && x?.aval.dtype === "float32" && bound?.value === 0) this.#rectified.add(x);
    }
  }

  /** True if the program computes max(x, 0). */
  isRectified(x: Atom): boolean {
    return this.#rectified.has(x);
  }

  /** The equation behind `atom` if it is one of `primitive`; undefined for inputs, literals and other primitives. */
  of(atom: Atom | undefined, primitive: string): Equation | undefined {
    const equation = atom === undefined ? undefined : this.#definitions.get(atom);
    return equation?.primitive === primitive ? equation : undefined;
  }
}
