/**
 * Scales of a plot: from values to the unit interval, with the ticks a reader expects.
 */
export interface Tick {
  readonly value: number;
  /** Empty for a tick without a label. */
  readonly label: string;
}

export interface Scale {
  /** 0 at the left or bottom end, 1 at the other. */
  at(value: number): number;
  readonly ticks: readonly Tick[];
}

/** Ends at round numbers around all values. */
export function linearScale(values: readonly number[], format: (value: number) => string, ticksWanted = 5): Scale {
  const { low, high } = extent(values);
  const step = roundStep((high - low) / ticksWanted);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  return {
    at: (value) => (value / step - first) / (last - first),
    ticks: ticks.map((value) => ({ value, label: format(value) })),
  };
}

/** Powers of ten that still have room for a label each. */
const DECADES_MAX = 10;

/**
 * Values must be above 0. Labels at powers of ten, at 2 and 5 times one where there are few of them, and at every other or
 * third where there are many.
 */
export function logScale(values: readonly number[], format: (value: number) => string): Scale {
  const { low, high } = extent(values.filter((value) => value > 0));
  const from = Math.log10(low);
  const to = Math.max(Math.log10(high), from + 0.1);
  const decades = to - from;
  const ticks: Tick[] = [];
  const stride = Math.ceil(decades / DECADES_MAX);
  for (let power = Math.floor(from); power <= to; power++) {
    if (power % stride !== 0) continue;
    for (const factor of stride === 1 ? [1, 2, 5] : [1]) {
      const value = factor * 10 ** power;
      if (value < low * 0.999 || value > high * 1.001) continue;
      ticks.push({ value, label: factor === 1 || decades < 1.6 ? format(value) : "" });
    }
  }
  return { at: (value) => (Math.log10(value) - from) / (to - from), ticks };
}

/** The nearest 1, 2 or 5 times a power of ten that is not smaller. */
function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10) * power;
}

/** Two ends that ticks between them can tell apart, whatever comes. */
function extent(values: readonly number[]): { low: number; high: number } {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return { low: 0.1, high: 1 };
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  const apart = high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high));
  return apart ? { low, high } : { low, high: low === 0 ? 1 : low + Math.abs(low) };
}
