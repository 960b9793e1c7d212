/**
 * Named vectors that make up the state of a part: what checkpoints hold and joiners download.
 */
import { CheckpointError } from "./errors.ts";

export type NamedVectors = ReadonlyMap<string, Float32Array>;

/** A copy of each vector. */
export const copyOf = (vectors: NamedVectors): NamedVectors =>
  new Map([...vectors].map(([name, vector]) => [name, Float32Array.from(vector)]));

/** Copies `saved` into the vectors of a part. @throws {CheckpointError} unless names and lengths are the same */
export function restoreInto(vectors: NamedVectors, saved: NamedVectors, where: string): void {
  const wanted = [...vectors.keys()].sort().join(", ");
  const found = [...saved.keys()].sort().join(", ");
  if (wanted !== found) throw new CheckpointError(where, { expected: `the vectors {${wanted}}`, got: `{${found}}` });
  for (const [name, vector] of vectors) {
    const source = saved.get(name)!;
    if (source.length !== vector.length) {
      throw new CheckpointError(`${where}: ${name}`, { expected: `${vector.length} entries`, got: source.length });
    }
  }
  for (const [name, vector] of vectors) vector.set(saved.get(name)!);
}

/** `prefix/name` for every name. */
export const prefixed = (prefix: string, vectors: NamedVectors): NamedVectors =>
  new Map([...vectors].map(([name, vector]) => [`${prefix}/${name}`, vector]));

/** The vectors under `prefix/`, with the prefix taken off. */
export function under(prefix: string, vectors: NamedVectors): NamedVectors {
  const start = `${prefix}/`;
  return new Map(
    [...vectors].filter(([name]) => name.startsWith(start)).map(([name, vector]) => [name.slice(start.length), vector]),
  );
}

/** Numbers as a vector that a checkpoint holds exactly: each f64 in four entries of 16 bits. */
export function scalarsToVector(values: readonly number[]): Float32Array {
  return Float32Array.from(new Uint16Array(Float64Array.from(values).buffer));
}

/** The inverse of `scalarsToVector`. */
export function vectorToScalars(vector: Float32Array): number[] {
  return [...new Float64Array(Uint16Array.from(vector).buffer)];
}
