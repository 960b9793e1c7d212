/**
 * Bit widths tensor by tensor, for `cgx({ widths })`: fewer bits where a tensor is large and forgives it.
 *
 * Choose b_l in 2 … 8 for each layer l of d_l entries: least Σ d_l b_l with Σ e_l(b_l) ≤ A · Σ e_l(4), where
 * e_l(b) = ‖G_l − Q_b(G_l)‖² is measured on a gradient G summed over the last steps, and A ≥ 1 is the slack.
 *
 * Widths are agreed: one peer chooses and tells the others, and all change at the same step. That is a recipe's business;
 * a compressor has no memory and no peers.
 * @see Alimohammadi, Markov, Frantar & Alistarh 2022, "L-GreCo: Layerwise-Adaptive Gradient Compression for
 *   Efficient and Accurate Deep Learning", arXiv:2210.17357
 */
import { ConfigError } from "../base/errors.ts";
import { type Layout, tensorOf } from "../base/layout.ts";
import { type Grid, quantisedBytes } from "../kernels/grid.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { isQuantised, PLAIN_WIDTH } from "./cgx.ts";
import { nonFiniteInput } from "./non-finite.ts";

/** The widths to choose from. */
export const WIDTHS: readonly number[] = [2, 3, 4, 5, 6, 7, 8];
/** Its error is the budget. */
const UNIFORM_WIDTH = 4;
const UNIFORM = WIDTHS.indexOf(UNIFORM_WIDTH);

export interface LayerErrors {
  /** d, entries. */
  readonly length: number;
  /** e(b) for each of `WIDTHS`, in order. */
  readonly errors: readonly number[];
}

export interface WidthOptions {
  /** A: how much more error than 4 bits everywhere is allowed; at least 1, the default. */
  readonly slack?: number;
  /** D: cells that the error budget is divided into, 10000 by default. */
  readonly cells?: number;
}

/**
 * The cheapest widths, by dynamic programming over D cells of error: each layer takes ⌈e D/E⌉ cells, at least one, of a
 * budget of D + layers, for rounding up must not rule out 4 bits everywhere. So Σ e ≤ E (1 + layers/D) with
 * E = A · Σ e(4), and the cost is never above that of 4 bits. Among equal costs the smallest error wins. Time and memory
 * grow with layers · D.
 * @throws {ConfigError} if an error is negative or not finite, or the slack is below 1
 */
export function chooseBitWidths(layers: readonly LayerErrors[], options: WidthOptions = {}): number[] {
  const { slack = 1, cells = 10_000 } = options;
  checkLayers(layers, slack, cells);
  const budget = cells + layers.length;
  const allowed = slack * layers.reduce((sum, { errors }) => sum + errors[UNIFORM]!, 0);
  // cost[c] and error[c]: the best of the layers so far with at most c cells.
  let cost = new Float64Array(budget + 1);
  let error = new Float64Array(budget + 1);
  const choices = layers.map((layer) => {
    const best = new Uint8Array(budget + 1);
    const [nextCost, nextError] = [new Float64Array(budget + 1).fill(Number.POSITIVE_INFINITY), error.slice()];
    for (const [choice, width] of WIDTHS.entries()) {
      const taken = cellsOf(layer.errors[choice]!, allowed, cells);
      for (let c = taken; c <= budget; c++) {
        const newCost = cost[c - taken]! + layer.length * width;
        const newError = error[c - taken]! + layer.errors[choice]!;
        if (newCost > nextCost[c]! || (newCost === nextCost[c]! && newError >= nextError[c]!)) continue;
        nextCost[c] = newCost;
        nextError[c] = newError;
        best[c] = choice;
      }
    }
    [cost, error] = [nextCost, nextError];
    return best;
  });
  return backtrack(layers, choices, budget, (e) => cellsOf(e, allowed, cells));
}

function backtrack(
  layers: readonly LayerErrors[],
  choices: readonly Uint8Array[],
  budget: number,
  cellsFor: (error: number) => number,
): number[] {
  const widths = new Array<number>(layers.length);
  let left = budget;
  for (let l = layers.length - 1; l >= 0; l--) {
    const choice = choices[l]![left]!;
    widths[l] = WIDTHS[choice]!;
    left -= cellsFor(layers[l]!.errors[choice]!);
  }
  return widths;
}

function cellsOf(error: number, allowed: number, cells: number): number {
  if (error === 0) return 1;
  return allowed === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.ceil((error * cells) / allowed));
}

function checkLayers(layers: readonly LayerErrors[], slack: number, cells: number): void {
  if (!(slack >= 1 && slack < Number.POSITIVE_INFINITY)) {
    throw new ConfigError("bit widths: slack", { expected: "a number of at least 1", got: slack });
  }
  if (!(Number.isInteger(cells) && cells >= 1)) {
    throw new ConfigError("bit widths: cells", { expected: "a positive whole number", got: cells });
  }
  for (const [l, { errors }] of layers.entries()) {
    if (errors.length === WIDTHS.length && errors.every((error) => error >= 0 && error < Number.POSITIVE_INFINITY)) {
      continue;
    }
    const expected = `${WIDTHS.length} finite errors of at least 0`;
    throw new ConfigError(`bit widths: layer ${l}`, { expected, got: `[${errors}]` });
  }
}

/** e(b) without data: it falls by four with every bit. @param energy ‖G‖² */
export const modelledErrors = (energy: number): number[] => WIDTHS.map((width) => energy * 4 ** -width);

/**
 * e(b) of one tensor on the grids of `cgx`, rounded to nearest: random rounding has about twice the error, at every
 * width alike.
 * @throws {NonFiniteError}
 */
export function measuredErrors(x: Float32Array, bucket: number, using: Kernels = kernels): number[] {
  const out = new Float32Array(x.length);
  return WIDTHS.map((bits) => {
    const grid: Grid = { bits, bucket, symmetric: false };
    const quantised = new Uint8Array(quantisedBytes(grid, x.length));
    if (!using.toGrid(x, grid, undefined, 0, quantised)) throw nonFiniteInput("cgx: widths");
    using.fromGrid(quantised, grid, out);
    using.subtract(x, out, out);
    return using.sumSquares(out);
  });
}

/**
 * Widths for all tensors of a layout, chosen on a gradient summed over the last steps; 32 for those that travel as f32.
 * `cgx({ widths })` takes them.
 */
export function adaptWidths(
  gradient: Float32Array,
  layout: Layout,
  options: WidthOptions & { readonly bucket?: number } = {},
  using: Kernels = kernels,
): number[] {
  const { bucket = 1024, ...rest } = options;
  const quantised = layout.tensors.filter(isQuantised);
  const chosen = chooseBitWidths(
    quantised.map((tensor) => ({
      length: tensor.length,
      errors: measuredErrors(tensorOf(gradient, tensor), bucket, using),
    })),
    rest,
  );
  const widths = new Map(quantised.map((tensor, l) => [tensor, chosen[l]!]));
  return layout.tensors.map((tensor) => widths.get(tensor) ?? PLAIN_WIDTH);
}

export interface LayerNorm {
  /** d, entries. */
  readonly length: number;
  /** ‖G‖ of the summed gradient. */
  readonly norm: number;
}

const ROUNDS = 100;

/**
 * CGX's heuristic, a baseline to compare with: layers are clustered by (size, norm), both divided by their largest, into as
 * many clusters as there are widths; a cluster gets the more bits the larger norm − size of its centre is. It keeps no
 * budget of error or of bits.
 */
export function clusterBitWidths(layers: readonly LayerNorm[]): number[] {
  const [longest, largest] = [mostOf(layers.map(({ length }) => length)), mostOf(layers.map(({ norm }) => norm))];
  const points = layers.map(({ length, norm }): Point => [length / longest, norm / largest]);
  const order = points.map((_, l) => l).sort((a, b) => rank(points[a]!) - rank(points[b]!) || a - b);
  const count = Math.min(WIDTHS.length, layers.length);
  // Spread over the order: the result depends on the layers alone.
  let centres = Array.from(
    { length: count },
    (_, c) => points[order[Math.floor(((c + 0.5) * order.length) / count)]!]!,
  );
  let cluster: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const next = points.map((point) => nearest(point, centres));
    if (next.every((c, l) => c === cluster[l])) break;
    cluster = next;
    centres = centres.map((centre, c) => meanOf(points.filter((_, l) => cluster[l] === c)) ?? centre);
  }
  const ranked = centres.map((_, c) => c).sort((a, b) => rank(centres[a]!) - rank(centres[b]!) || a - b);
  return cluster.map(
    (c) => WIDTHS[count === 1 ? UNIFORM : Math.round((ranked.indexOf(c) * (WIDTHS.length - 1)) / (count - 1))]!,
  );
}

type Point = readonly [size: number, norm: number];

const rank = ([size, norm]: Point): number => norm - size;

/** The largest, or 1 where all are 0. */
const mostOf = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0) || 1;

/** Index of the nearest centre, the first of equals. */
function nearest([size, norm]: Point, centres: readonly Point[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [c, [centreSize, centreNorm]] of centres.entries()) {
    const distance = (size - centreSize) ** 2 + (norm - centreNorm) ** 2;
    if (distance >= least) continue;
    best = c;
    least = distance;
  }
  return best;
}

function meanOf(points: readonly Point[]): Point | undefined {
  if (points.length === 0) return undefined;
  const sum = points.reduce(([a, b], [size, norm]): Point => [a + size, b + norm], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}
