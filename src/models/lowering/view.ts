/**
 * A view: how a logical array reads a tensor in memory, without moving it.
 *
 * Every dimension is a list of atomic axes, outer first; a dimension of size 1 is the empty list. An axis either lies in
 * memory or is broadcast, that is, the same entries repeat along it. So transposing, broadcasting and most reshaping only
 * rearrange lists of axes; nodes appear when a consumer forces a memory order (`materialise.ts`). This is what makes
 * gradients cheap: the derivative of x·w broadcasts its cotangent to batch × in × out, which as a view costs nothing.
 */
import type { DType } from "../onnx/graph.ts";
import { type Axis, axis, sizeOf } from "./axis.ts";
import type { Product } from "./product.ts";

export type Source =
  | { readonly kind: "tensor"; readonly name: string }
  /** `vanishing`: the difference of two equal arrays, 0 whatever it is multiplied with. */
  | { readonly kind: "literal"; readonly value: number; readonly vanishing?: boolean }
  | { readonly kind: "product"; readonly product: Product };

export interface View {
  readonly dtype: DType;
  readonly source: Source;
  /** The axes that lie in memory, outer first. */
  readonly memory: readonly Axis[];
  readonly dims: readonly (readonly Axis[])[];
}

export const shapeOf = (view: View): number[] => view.dims.map(sizeOf);

const dimension = (size: number, broadcast: boolean): readonly Axis[] => (size === 1 ? [] : [axis(size, broadcast)]);

/** The tensor as it lies. */
export function viewOf(name: string, shape: readonly number[], dtype: DType): View {
  const dims = shape.map((size) => dimension(size, false));
  return { dtype, source: { kind: "tensor", name }, memory: dims.flat(), dims };
}

/** One number, repeated to a shape. */
export const literal = (value: number, shape: readonly number[], dtype: DType): View => ({
  dtype,
  source: { kind: "literal", value },
  memory: [],
  dims: shape.map((size) => dimension(size, true)),
});

/** The number that a view repeats, if it is known. */
export const literalValue = (view: View): number | undefined =>
  view.source.kind === "literal" ? view.source.value : undefined;

/** What is left of x − x: custom gradients are written with it, and every product with it disappears. */
export const nothing = (shape: readonly number[], dtype: DType): View => ({
  ...literal(0, shape, dtype),
  source: { kind: "literal", value: 0, vanishing: true },
});

export const isNothing = (view: View): boolean => view.source.kind === "literal" && view.source.vanishing === true;

/** Dimension i of the result is dimension `order[i]` of the view. */
export const permute = (view: View, order: readonly number[]): View => ({
  ...view,
  dims: order.map((i) => view.dims[i] ?? []),
});

/** Inserts the dimensions named by `axes` (indices of the result) and repeats entries up to `shape`. */
export function broadcastTo(view: View, shape: readonly number[], axes: readonly number[]): View {
  const inserted = new Set(axes.map((i) => (i < 0 ? i + shape.length : i)));
  let next = 0;
  const dims = shape.map((size, i) => {
    const present = inserted.has(i) ? [] : (view.dims[next++] ?? []);
    return present.length === 0 ? dimension(size, true) : present;
  });
  return { ...view, dims };
}

/** The view with leading dimensions of size 1 up to `rank`, as NumPy lines up operands. */
export const lift = (view: View, rank: number): View => ({
  ...view,
  dims: [...Array.from({ length: rank - view.dims.length }, () => []), ...view.dims],
});

/** The view repeated along dimensions of size 1 up to a shape, as NumPy does. */
export function stretched(view: View, shape: readonly number[]): View {
  const lifted = lift(view, shape.length);
  return { ...lifted, dims: lifted.dims.map((dim, k) => (dim.length > 0 ? dim : dimension(shape[k] ?? 1, true))) };
}

/** One axis cut into parts, outer first. */
export function splitAxis(view: View, whole: Axis, sizes: readonly number[]): View {
  const parts = sizes.map((size) => axis(size, whole.broadcast, whole.side));
  const replace = (axes: readonly Axis[]) => axes.flatMap((a) => (a === whole ? parts : [a]));
  return { ...view, memory: replace(view.memory), dims: view.dims.map(replace) };
}

/** The view under another shape, or undefined if a new dimension would cut an axis at no whole number. */
export function reshaped(view: View, shape: readonly number[]): View | undefined {
  if (view.memory.length === 0) return { ...view, dims: shape.map((size) => dimension(size, true)) };
  let current = view;
  const rest = view.dims.flat();
  const dims: Axis[][] = [];
  for (const size of shape) {
    const dim: Axis[] = [];
    for (let missing = size; missing > 1; ) {
      const next = rest.shift();
      if (next === undefined) return undefined;
      if (missing % next.size === 0) {
        dim.push(next);
        missing /= next.size;
      } else if (next.size % missing === 0) {
        const [outer, inner] = [missing, next.size / missing].map((n) => axis(n, next.broadcast, next.side));
        if (outer === undefined || inner === undefined) return undefined;
        current = { ...current, memory: current.memory.flatMap((a) => (a === next ? [outer, inner] : [a])) };
        dim.push(outer);
        rest.unshift(inner);
        missing = 1;
      } else {
        return undefined;
      }
    }
    dims.push(dim);
  }
  return { ...current, dims };
}

/**
 * Cuts axes until views of one rank agree: in every dimension they have the same axis sizes, or none where a view has
 * size 1. Undefined if cuts do not nest, as 2 × 3 against 3 × 2.
 */
export function aligned(views: readonly View[]): readonly View[] | undefined {
  let current: readonly View[] | undefined = views;
  for (let k = 0; current !== undefined && k < (views[0]?.dims.length ?? 0); k++) current = alignedAt(current, k);
  return current;
}

function alignedAt(views: readonly View[], k: number): readonly View[] | undefined {
  const cuts = [...new Set(views.flatMap((view) => spans(view.dims[k] ?? [])))].sort((a, b) => a - b);
  if (cuts.some((cut, i) => cut % (cuts[i - 1] ?? 1) !== 0)) return undefined;
  return views.map((view) => {
    let result = view;
    let inner = 1;
    for (const whole of [...(view.dims[k] ?? [])].reverse()) {
      const outer = inner * whole.size;
      const within = cuts.filter((cut) => cut >= inner && cut <= outer).reverse(); // outer first
      const bounds = [...new Set([outer, ...within, inner])];
      const sizes = bounds.slice(1).map((low, i) => (bounds[i] ?? low) / low);
      if (sizes.length > 1) result = splitAxis(result, whole, sizes);
      inner = outer;
    }
    return result;
  });
}

/** Entries spanned by the last axis, the last two, …: [4, 3, 5] gives 5, 15, 60. */
function spans(dim: readonly Axis[]): number[] {
  let span = 1;
  return [...dim].reverse().map(({ size }) => (span *= size));
}
