/**
 * What the options of a job may be, where that is a range or a list of words: read by `checkJob`, and told by the schema of
 * job files.
 */

export interface CountBounds {
  readonly integer: true;
  readonly min: number;
  readonly max: number;
}

const count = (min: number, max: number): CountBounds => ({ integer: true, min, max });

/** Whole numbers. */
export const COUNTS: Readonly<Record<"peers" | "batch" | "rounds" | "evalEvery" | "seed", CountBounds>> = {
  peers: count(1, 65_535),
  batch: count(1, 1 << 20),
  rounds: count(1, 2 ** 31),
  evalEvery: count(1, 2 ** 31),
  seed: count(0, Number.MAX_SAFE_INTEGER),
};

export const CHOICES = {
  server: ["peer", "own"],
  engine: ["auto", "ort", "jax"],
} as const;
