/**
 * Operators that move entries, and those that compute with shapes.
 */
import { type DType, numpy as np } from "@jax-js/jax";
import type { Tensor } from "../define.ts";
import { embedding } from "../layers/embedding.ts";
import { Fixed, MOST_KNOWN, type Operator, type Site, type Value } from "./site.ts";

const product = (shape: readonly number[]): number => shape.reduce((total, n) => total * n, 1);

/** The same entries under another shape. */
function reshaped(site: Site, asked: readonly number[]): Value {
  const [shape, entries] = [site.shaped(asked), product(site.shape(0))];
  if (product(shape) !== entries) throw site.complaint(`a shape of ${entries} entries`, `[${shape}]`);
  const known = site.known(0);
  return known === undefined ? site.tensor(0).reshape(shape) : new Fixed({ ...known, shape });
}

/** In the shape asked for 0 is the dimension that was, −1 whatever is left. */
function reshape(site: Site): Value {
  const from = site.shape(0);
  const asked = site.fixed(1).map((n, i) => (n === 0 && site.integer("allowzero", 0) === 0 ? (from[i] ?? 1) : n));
  const rest = product(asked.filter((n) => n !== -1));
  const filled = asked.map((n) => (n === -1 ? product(from) / rest : n));
  // A file for so many rows names them; a reshape that keeps rows apart takes as many as there are.
  const [rows = 1, ...others] = filled;
  const fits = product(filled) === product(from);
  return reshaped(site, fits || rows * product(others) === 0 ? filled : [product(from) / product(others), ...others]);
}

function flatten(site: Site): Value {
  const shape = site.shape(0);
  const axis = site.integer("axis", 1);
  const split = axis < 0 ? axis + shape.length : axis;
  return reshaped(site, [product(shape.slice(0, split)), product(shape.slice(split))]);
}

function squeeze(site: Site): Value {
  const shape = site.shape(0);
  const axes = site.listed("axes", 1)?.map((axis) => site.axis(axis, shape.length));
  return reshaped(
    site,
    shape.filter((n, i) => (axes === undefined ? n !== 1 : !axes.includes(i))),
  );
}

function unsqueeze(site: Site): Value {
  const shape = site.shape(0);
  const said = site.listed("axes", 1) ?? [];
  const rank = shape.length + said.length;
  site.shaped([...shape, ...said.map(() => 1)]);
  const axes = new Set(said.map((axis) => site.axis(axis, rank)));
  let next = 0;
  return reshaped(
    site,
    Array.from({ length: rank }, (_, i) => (axes.has(i) ? 1 : (shape[next++] ?? 1))),
  );
}

function transpose(site: Site): Value {
  const rank = site.shape(0).length;
  const axes = site.integers("perm") ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  return site.tensor(0).transpose(axes.map((axis) => site.axis(axis, rank)));
}

function expand(site: Site): Value {
  const asked = site.shaped(site.fixed(1));
  return np.broadcastTo(site.tensor(0), np.broadcastShapes([...site.shape(0)], asked));
}

function concat(site: Site): Value {
  const places = Array.from({ length: site.inputs }, (_, i) => i);
  const lists = places.map((i) => site.known(i));
  const length = lists.reduce((sum, list) => sum + (list?.values.length ?? 0), 0);
  const isList = (list: Fixed | undefined): boolean => list !== undefined && !list.isReal && list.shape.length === 1;
  if (length <= MOST_KNOWN && lists.every(isList)) return Fixed.integers(places.flatMap((i) => site.fixed(i)));
  const axis = site.axis(site.integer("axis", 0), site.shape(0).length);
  return np.concatenate(
    places.map((i) => site.tensor(i)),
    axis,
  );
}

function split(site: Site): readonly Value[] {
  const shape = site.shape(0);
  const axis = site.axis(site.integer("axis", 0), shape.length);
  const length = shape[axis] ?? 1;
  const count = site.outputs;
  const even = Math.ceil(length / count);
  const said = site.listed("split", 1) ?? Array.from({ length: count }, (_, i) => Math.min(even, length - i * even));
  if (said.some((n) => n < 1) || said.reduce((sum, n) => sum + n, 0) !== length) {
    throw site.complaint(`parts of ${length} in all`, said.join(", "));
  }
  let end = 0;
  const ends = said.slice(0, -1).map((n) => (end += n));
  return np.split(site.tensor(0), ends, axis);
}

/** Slices forwards. */
function slice(site: Site): Value {
  const shape = site.shape(0);
  const [starts, ends] = [site.listed("starts", 1) ?? [], site.listed("ends", 2) ?? []];
  const axes = site.listed("axes", 3) ?? starts.map((_, i) => i);
  const steps = site.has(4) ? site.fixed(4) : starts.map(() => 1);
  const ranges = shape.map((n): [number, number, number] => [0, n, 1]);
  for (const [i, said] of axes.entries()) {
    const axis = site.axis(said, shape.length);
    const length = shape[axis] ?? 1;
    const bounded = (at: number): number => Math.min(length, Math.max(0, at < 0 ? at + length : at));
    const step = steps[i] ?? 1;
    if (!(step >= 1)) throw site.complaint("a step of 1 or more", step);
    ranges[axis] = [bounded(starts[i] ?? 0), bounded(ends[i] ?? length), Math.min(step, Math.max(1, length))];
  }
  const known = site.known(0);
  if (known !== undefined && shape.length === 1) {
    const [from, to, step] = ranges[0] ?? [0, 0, 1];
    const kept = Array.from(known.values).filter((_, i) => i >= from && i < to && (i - from) % step === 0);
    return new Fixed({ ...known, values: kept, shape: [kept.length] });
  }
  if (ranges.some(([from, to]) => to <= from)) throw site.complaint("slices that are not empty", ranges.join(" | "));
  return ranges.reduce(
    (x, [, , step], axis) => (step === 1 ? x : everyNth(x, axis, step)),
    site.tensor(0).slice(...ranges.map(([from, to]): [number, number] => [from, to])),
  );
}

/** Each `step`-th place along an axis: padded to whole steps, of which the first places are taken. */
function everyNth(x: Tensor, axis: number, step: number): Tensor {
  const shape = [...x.shape];
  const length = shape[axis] ?? 1;
  const count = Math.ceil(length / step);
  const widths = shape.map((_, i): [number, number] => [0, i === axis ? count * step - length : 0]);
  const apart = [...shape.slice(0, axis), count, step, ...shape.slice(axis + 1)];
  const whole = np.pad(x, widths).reshape(apart);
  return whole.slice(...apart.map((n, i) => (i === axis + 1 ? 0 : ([0, n] as [number, number]))));
}

/** One number everywhere: traced as such, where `np.full` would be a constant of that size. */
const filled = (shape: readonly number[], value: number, dtype: DType = np.float32): Tensor =>
  np.broadcastTo(np.array(value, { dtype }), [...shape]);

/** A number around a tensor. */
export function padded(x: Tensor, widths: [number, number][], filler: number): Tensor {
  if (filler === 0) return np.pad(x, widths);
  const inside = np.pad(filled(x.shape, 1), widths).greater(0.5);
  return np.where(inside, np.pad(x, widths), filler);
}

/** Zeros, or another number, around a tensor; before each axis, then behind each. */
function pad(site: Site): Value {
  const mode = site.attribute("mode")?.text ?? "constant";
  if (mode !== "constant") throw site.complaint("mode constant", mode);
  const rank = site.shape(0).length;
  const said = site.listed("pads", 1) ?? [];
  const axes = site.has(3)
    ? site.fixed(3).map((axis) => site.axis(axis, rank))
    : Array.from({ length: rank }, (_, i) => i);
  const widths = Array.from({ length: rank }, (): [number, number] => [0, 0]);
  for (const [i, axis] of axes.entries()) widths[axis] = [said[i] ?? 0, said[i + axes.length] ?? 0];
  if (widths.flat().some((n) => n < 0)) throw site.complaint("pads from 0 up", said.join(", "));
  site.shaped(site.shape(0).map((n, i) => n + (widths[i]?.[0] ?? 0) + (widths[i]?.[1] ?? 0)));
  const filler = site.has(2) ? (site.fixed(2)[0] ?? 0) : site.real("value", 0);
  return padded(site.tensor(0), widths, filler);
}

function gather(site: Site): Value {
  const [table, places] = [site.known(0), site.known(1)];
  const shape = site.shape(0);
  const axis = site.axis(site.integer("axis", 0), shape.length);
  const length = shape[axis] ?? 1;
  if (places !== undefined) {
    const counted = Array.from(places.values, (place) => site.axis(place, length));
    if (table !== undefined && shape.length === 1) {
      return new Fixed({ ...table, shape: places.shape, values: counted.map((place) => table.values[place]!) });
    }
    return np.take(site.tensor(0), Fixed.integers(counted, places.shape).tensor(), axis);
  }
  if (axis === 0 && shape.length === 2) return embedding(site.tensor(0), site.tensor(1));
  return np.take(site.tensor(0), site.tensor(1).astype(np.int32), axis);
}

/** f32 and f64 are one here, and so are int32 and int64. */
function cast(site: Site): Value {
  const type = site.integer("to", 1);
  const known = site.known(0);
  const isReal = type === 1 || type === 11;
  if (known !== undefined) {
    const values = isReal ? known.values : Array.from(known.values, Math.trunc);
    return new Fixed({ ...known, values, isReal });
  }
  if (isReal) return site.tensor(0).astype(np.float32);
  if (type === 6 || type === 7) return site.tensor(0).astype(np.int32);
  if (type === 9) return site.tensor(0).astype(np.bool);
  throw site.complaint("f32, f64, int32, int64 or bool", `type ${type}`);
}

function constant(site: Site): Value {
  const tensor = site.attribute("value")?.tensor;
  if (tensor !== undefined) return new Fixed(tensor);
  const [real, integer] = [site.attribute("value_float"), site.attribute("value_int")];
  if (real !== undefined) return new Fixed({ shape: [], values: Float32Array.of(real.real), isReal: true });
  if (integer !== undefined) return Fixed.integers([integer.integer], []);
  const integers = site.integers("value_ints");
  if (integers !== undefined) return Fixed.integers(integers);
  throw site.complaint("a tensor or numbers", "neither");
}

/** A tensor of one number. */
function constantOfShape(site: Site): Value {
  const { values, isReal } = new Fixed(site.attribute("value")?.tensor ?? { shape: [1], values: [0], isReal: true });
  return filled(site.shaped(site.fixed(0)), values[0] ?? 0, isReal ? np.float32 : np.int32);
}

function shapeOf(site: Site): Value {
  const shape = site.shape(0);
  return Fixed.integers(shape.slice(site.integer("start", 0), site.attribute("end")?.integer ?? shape.length));
}

export const MOVEMENT: Readonly<Record<string, Operator>> = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Expand: expand,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Gather: gather,
  Cast: cast,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Shape: shapeOf,
};
