/**
 * Named channel ends, saved and restored together.
 */
import { type NamedVectors, prefixed, under } from "../base/state.ts";
import type { Settled } from "../channels/channel.ts";

export type NamedEnds = ReadonlyMap<string, Settled>;

export function saveEnds(ends: NamedEnds): NamedVectors {
  const all = new Map<string, Float32Array>();
  for (const [name, end] of ends) {
    const saved = end.save();
    for (const half of ["shared", "private"] as const) {
      for (const [key, value] of prefixed(`${name}/${half}`, saved[half])) all.set(key, value);
    }
  }
  return all;
}

/** @throws {CheckpointError} */
export function restoreEnds(ends: NamedEnds, saved: NamedVectors): void {
  for (const [name, end] of ends) {
    end.restore({ shared: under(`${name}/shared`, saved), private: under(`${name}/private`, saved) });
  }
}

/** Whether an end holds what another end holds too, so that one who missed a message is wrong ever after. */
export const mirrors = (end: Settled): boolean => end.save().shared.size > 0;
