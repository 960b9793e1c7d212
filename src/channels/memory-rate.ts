import { ConfigError } from "../base/errors.ts";
import { parseNumber, type Spec } from "../base/spec.ts";
import type { Compressor } from "../compressors/compressor.ts";

/** α, how far a memory follows each message: "theory" is the largest that is proved, 1/(1 + ω), "half" is half of that. */
export type MemoryRate = number | "theory" | "half";

/**
 * α for vectors of length d. For a contractive compressor "theory" and "half" are both 1.
 * @throws {ConfigError} naming `where`, if α is not in [0, 1], or is left to the law of a compressor that has none
 */
export function memoryRate({ name, law }: Compressor, alpha: MemoryRate, where: string): (length: number) => number {
  if (typeof alpha === "number") {
    if (alpha >= 0 && alpha <= 1) return () => alpha;
    throw new ConfigError(where, { expected: "alpha from 0 to 1", got: alpha });
  }
  if (law.kind === "contractive") return () => 1;
  const share = alpha === "theory" ? 1 : 1 / 2;
  if (law.kind === "exact") return () => share;
  if (law.kind === "unbiased") return (length) => share / (1 + law.omega(length));
  throw new ConfigError(where, { expected: "alpha as a number, for a compressor without a law", got: name });
}

/** The option `alpha` of a spec, "half" if left out. @throws {ConfigError} */
export function parseMemoryRate(spec: Spec, where: string): MemoryRate {
  const text = spec.options.get("alpha") ?? "half";
  return text === "theory" || text === "half" ? text : parseNumber(text, `${where}: alpha`, { min: 0, max: 1 });
}
