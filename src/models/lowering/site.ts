/**
 * What a primitive's lowering sees, and the form of such a lowering: one small function per primitive, filed in the
 * table of its family.
 */

import type { DType, GraphBuilder } from "../onnx/graph.ts";
import { LoweringError } from "./error.ts";
import type { Definitions, Equation } from "./jaxpr.ts";
import type { View } from "./view.ts";

export interface Site {
  readonly graph: GraphBuilder;
  readonly equation: Equation;
  readonly inputs: readonly View[];
  /** Type and shape of the first result. */
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly definitions: Definitions;
  /** The view that an atom of the program stands for. */
  viewOf(atom: Equation["inputs"][number]): View;
}

/** Lowers one equation to a view per result. */
export type Lowering = (site: Site) => View | readonly View[];

export type Table = Readonly<Record<string, Lowering>>;

/** The i-th operand. @throws {LoweringError} if the equation has fewer */
export function operand(site: Site, i: number): View {
  const view = site.inputs[i];
  if (view !== undefined) return view;
  throw malformed(site, `operand ${i}`, site.inputs.length);
}

/** A parameter that is a list of whole numbers. @throws {LoweringError} if it is not */
export function integersOf(site: Site, name: string): readonly number[] {
  const value = site.equation.params[name];
  const list = typeof value === "number" ? [value] : value;
  if (Array.isArray(list) && list.every((n) => Number.isInteger(n))) return list;
  throw malformed(site, `parameter ${name}, a list of whole numbers`, value);
}

/** A parameter that is a whole number. @throws {LoweringError} if it is not */
export function numberOf(site: Site, name: string): number {
  const value = site.equation.params[name];
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw malformed(site, `parameter ${name}, a whole number`, value);
}

/** A parameter that is a list of pairs. @throws {LoweringError} if it is not */
export function pairsOf(site: Site, name: string): readonly (readonly [number, number])[] {
  const value = site.equation.params[name];
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every((n) => Number.isInteger(n));
  if (Array.isArray(value) && value.every(isPair)) return value;
  throw malformed(site, `parameter ${name}, a list of pairs`, value);
}

/** A parameter that is a word. @throws {LoweringError} if it is not */
export function wordOf(site: Site, name: string): string {
  const value = site.equation.params[name];
  if (typeof value === "string") return value;
  throw malformed(site, `parameter ${name}, a word`, value);
}

/** The traced program is not in the form that this version reads. */
export const malformed = (site: Site, expected: string, got: unknown): LoweringError =>
  new LoweringError(`primitive ${site.equation.primitive}`, {
    expected,
    got,
    hint: "The installed @jax-js/jax is not the version that this release of Thinwire pins.",
  });
