import { binary } from "./broadcasting.ts";
import { dense } from "./materialise.ts";
import { maxPoolGradient } from "./max-pool.ts";
import { inShape, padded, type Range, sliced, widenedTo } from "./movement.ts";
import { integersOf, operand, type Site, type Table } from "./site.ts";
import { permute, shapeOf, type View, viewOf } from "./view.ts";
import { offsetsIn } from "./windows.ts";

export const poolingTable: Table = { pool, pool_transpose };

/** [...outer, ...spatial] gives [...outer, ...places, ...window]. */
function pool(site: Site): View {
  const { graph } = site;
  const x = operand(site, 0);
  const [window, strides] = [integersOf(site, "window"), integersOf(site, "strides")];
  const shape = shapeOf(x);
  const outer = shape.length - window.length;
  const places = site.shape.slice(outer, shape.length);
  if (window.some((n, i) => n !== strides[i])) {
    const parts = offsetsIn(window).map((offset) => {
      const ranges = shape.map((n, k): Range => {
        const i = k - outer;
        if (i < 0) return [0, n];
        const [start, step] = [offset[i] ?? 0, strides[i] ?? 1];
        return [start, start + ((places[i] ?? 1) - 1) * step + 1, step];
      });
      const part = sliced(graph, x, ranges);
      return graph.reshape(dense(graph, part), [...shapeOf(part), 1]);
    });
    const stacked = [...site.shape.slice(0, shape.length), parts.length];
    const name = graph.node("Concat", parts, stacked, { axis: shape.length });
    return viewOf(graph.reshape(name, site.shape), site.shape, x.dtype);
  }
  const whole = sliced(
    graph,
    x,
    shape.map((n, k): Range => [0, k < outer ? n : (places[k - outer] ?? 1) * (window[k - outer] ?? 1)]),
  );
  const cut = [...shape.slice(0, outer), ...window.flatMap((n, i) => [places[i] ?? 1, n])];
  const order = [
    ...shape.slice(0, outer).keys(),
    ...window.map((_, i) => outer + 2 * i),
    ...window.map((_, i) => outer + 2 * i + 1),
  ];
  return permute(inShape(graph, whole, cut), order);
}

function pool_transpose(site: Site): View {
  const { graph } = site;
  const [window, strides] = [integersOf(site, "window"), integersOf(site, "strides")];
  const overlap = window.some((n, i) => n !== strides[i]);
  const found = overlap ? undefined : maxPoolGradient(site, window);
  if (found !== undefined) return found;
  const x = operand(site, 0);
  const rank = site.shape.length;
  const outer = rank - window.length;
  const places = shapeOf(x).slice(outer, rank);
  if (overlap) return summedWindows(site, window, strides, places);
  const order = [...site.shape.slice(0, outer).keys(), ...window.flatMap((_, i) => [outer + i, rank + i])];
  const joined = [...site.shape.slice(0, outer), ...window.map((n, i) => n * (places[i] ?? 1))];
  return widenedTo(graph, inShape(graph, permute(x, order), joined), site.shape);
}

/** Each offset within the window is one piece, spread by the strides and shifted; the pieces are added. */
function summedWindows(
  site: Site,
  window: readonly number[],
  strides: readonly number[],
  places: readonly number[],
): View {
  const { graph, shape } = site;
  const x = operand(site, 0);
  const outer = shape.length - window.length;
  const outerShape = shape.slice(0, outer);
  const pieces = offsetsIn(window).map((offset) => {
    const taken = shapeOf(x).map((n, k): Range => {
      const start = offset[k - shape.length];
      return start === undefined ? [0, n] : [start, start + 1];
    });
    const spread = inShape(graph, sliced(graph, x, taken), [...outerShape, ...places.flatMap((n) => [n, 1])]);
    const widths = [
      ...outerShape.map(() => [0, 0] as const),
      ...strides.flatMap(
        (n) =>
          [
            [0, 0],
            [0, n - 1],
          ] as const,
      ),
    ];
    const joined = [...outerShape, ...places.map((n, i) => n * (strides[i] ?? 1))];
    const piece = inShape(graph, padded(graph, spread, widths), joined);
    const shifts = shape.map((n, k) => {
      const start = offset[k - outer] ?? 0;
      return [start, n - start - (joined[k] ?? n)] as const;
    });
    return padded(graph, piece, shifts);
  });
  return pieces.reduce((sum, piece) => binary(graph, "Add", sum, piece));
}
