/**
 * Experiment: a published claim, the smallest setting that shows it, and a run that holds the one against the other.
 */
import type { Dataset } from "../ports/dataset.ts";

export interface Experiment {
  readonly name: string;
  /** For headings. */
  readonly title: string;
  /** arXiv number or citation. */
  readonly paper: string;
  /**
   * What the paper says, in numbers that the run is judged by: the paper's own, or where it has none for so small a setting
   * those of a plain f64 program of its listing.
   */
  readonly claim: string;
  /** Data, workers, step sizes, rounds, and how they differ from the paper's. */
  readonly setting: string;
  /** Files it reads. */
  readonly files: readonly string[];
  run(bench: Bench): Promise<Finding>;
}

/** What an experiment works with. */
export interface Bench {
  readonly signal: AbortSignal;
  /** The rows of a LIBSVM file, all of them, in file order. @throws {DataError} */
  libsvm(file: string): Promise<Dataset>;
  /** Where the files lie. */
  readonly folder: string;
}

export interface Finding {
  /** The numbers, in the order of the claim. */
  readonly measured: string;
  readonly holds: boolean;
  /** The likely reason where the claim does not hold, or what to know where it does. */
  readonly reason?: string;
  readonly figure: Figure;
}

export interface Figure {
  readonly xLabel: string;
  readonly yLabel: string;
  /** Values at or below 0 do not show on a logarithmic scale. */
  readonly yScale: "linear" | "log";
  readonly curves: readonly Curve[];
}

export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** The value at the first point from x on; NaN behind the end. */
export const at = ({ points }: Curve, x: number): number => points.find((point) => point.x >= x)?.y ?? Number.NaN;

export const last = ({ points }: Curve): number => points.at(-1)?.y ?? Number.NaN;

/** The mean of the values from x on. */
export function tailMean({ points }: Curve, x: number): number {
  const tail = points.filter((point) => point.x >= x);
  return tail.reduce((sum, { y }) => sum + y, 0) / tail.length;
}

/** `3.2e-7`, `0.0123`, `1.20`: a few figures for a sentence. */
export function figures(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || !Number.isFinite(value)) return String(value);
  return size >= 1e4 || size < 1e-3 ? value.toExponential(1) : value.toPrecision(3);
}
