/**
 * Groups of entries that share a scale: the whole vector, each tensor, or blocks of a fixed length (the last may be
 * shorter). Independent groups have δ = min and ω = max of theirs.
 */
import { ConfigError, ShapeError } from "../base/errors.ts";
import type { Layout } from "../base/layout.ts";
import { parseNumber, type Spec } from "../base/spec.ts";

export interface Grouping {
  /** As arguments of a spec, such as `per=block`; none for the whole vector. */
  readonly arguments: readonly string[];
  /** Entries of the largest possible group of d > 0. */
  largest(length: number): number;
  /** Where each group ends, in order; the last ends at d > 0. Without a layout the vector is one tensor. */
  ends(length: number, layout?: Layout): readonly number[];
}

export const wholeVector: Grouping = {
  arguments: [],
  largest: (length) => length,
  ends: (length) => [length],
};

export const perTensor: Grouping = {
  arguments: ["per=tensor"],
  largest: (length) => length,
  ends(length, layout) {
    if (layout === undefined) return [length];
    checkLayout(layout, length, "per=tensor");
    return layout.tensors.map((tensor) => tensor.offset + tensor.length);
  },
};

/** @throws {ShapeError} unless the layout is one of vectors of this length */
export function checkLayout(layout: Layout, length: number, where: string): void {
  if (layout.length === length) return;
  throw new ShapeError(where, { expected: `a layout of d = ${length}`, got: `d = ${layout.length}` });
}

export const perBlock = (block: number): Grouping => ({
  arguments: ["per=block", `block=${block}`],
  largest: (length) => Math.min(block, length),
  ends: (length) => Array.from({ length: Math.ceil(length / block) }, (_, g) => Math.min((g + 1) * block, length)),
});

/** Options that `parseGrouping` reads. */
export const GROUPING_OPTIONS: readonly string[] = ["per", "block"];

export const GROUPING_MEANING =
  "entries that share a scale: the whole vector (default), each tensor, or blocks of block=4096 entries";

const DEFAULT_BLOCK = 4096;

/** `per=vector|tensor|block` and `block=4096`. @throws {ConfigError} */
export function parseGrouping(spec: Spec, where: string): Grouping {
  const block = spec.options.get("block");
  const per = spec.options.get("per") ?? (block === undefined ? "vector" : "block");
  if (block !== undefined && per !== "block") {
    throw new ConfigError(where, { expected: "block=… with per=block", got: spec.text });
  }
  if (per === "vector") return wholeVector;
  if (per === "tensor") return perTensor;
  if (per === "block") {
    return perBlock(block === undefined ? DEFAULT_BLOCK : parseNumber(block, where, { min: 1, integer: true }));
  }
  throw new ConfigError(where, { expected: "per=vector, per=tensor or per=block", got: spec.text });
}

/** A canonical name: `sign`, `sign:per=block,block=4096`. */
export const groupedName = (name: string, grouping: Grouping): string =>
  grouping.arguments.length === 0 ? name : `${name}:${grouping.arguments.join(",")}`;
