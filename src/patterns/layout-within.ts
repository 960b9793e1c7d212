/**
 * Layouts of parts of a vector.
 */
import type { Layout } from "../base/layout.ts";
import type { Slice } from "./all-reduce-schedule.ts";

/** The tensors, or what is left of them, within a slice; a cut tensor of two or more dimensions keeps two. */
export function layoutWithin({ tensors }: Layout, [start, end]: Slice): Layout {
  const pieces = tensors.flatMap(({ name, shape, offset, length: whole }) => {
    const [from, to] = [Math.max(offset, start), Math.min(offset + whole, end)];
    const length = to - from;
    if (length <= 0) return [];
    const left = shape.length < 2 ? [length] : [1, length];
    return [{ name, shape: length === whole ? shape : left, offset: from - start, length }];
  });
  return { tensors: pieces, length: end - start };
}
