/**
 * Chunked top-k with 2-bit values, after SparseLoCo: of each chunk of 4096 entries the 64 largest are kept, each as its
 * sign and one of two magnitudes.
 *
 * The two magnitudes of a chunk are means: of the kept magnitudes up to their common mean, and of those above it.
 * Contractive: with k₁ entries at m₁ and k₂ at m₂, in each chunk δ(x) = (k₁m₁² + k₂m₂²)/‖x‖², never less than with one
 * magnitude (`stc.ts`), so at least 1/chunk. Biased: run it under error feedback. Ties go to the lower index. Chunks are
 * cut from the front of the vector; the last may be shorter, and keeps as many.
 *
 * The paper has the top k of each chunk, two bits a value, and an error memory that decays, e ← βe + Δ − sent; its largest
 * run keeps 1.56 %, 64 of 4096, with β = 0.95. Its code cuts matrices into tiles of 64 × 64 and quantises the kept values of a
 * tensor together (to verify for two bits); chunks of the flat vector and two means a chunk are ours.
 *
 * Messages: two levels of `sparse-levels.ts`. A position costs about 7.5 bits at 64 of 4096 and never more than 8, where
 * plain positions in the chunk would cost 12.
 * @see Sarfi, Thérien, Lidin & Belilovsky 2025, "Communication Efficient LLM Pre-training with SparseLoCo",
 *   arXiv:2508.15706
 * @see Lidin, Sarfi et al. 2026, "Covenant-72B", arXiv:2603.08163
 */
import { ConfigError } from "../base/errors.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import { MAX_LENGTH } from "../coding/limits.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, contractive } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { perBlock } from "./groups.ts";
import { SparseLevelsCodec } from "./sparse-levels.ts";

/** @param options.keep entries of each chunk, at most `chunk` @throws {ConfigError} */
export function sparseLoco(
  { chunk = 4096, keep = 64 }: { chunk?: number; keep?: number } = {},
  using: Kernels = kernels,
): Compressor {
  if (!(Number.isInteger(chunk) && Number.isInteger(keep) && 1 <= keep && keep <= chunk && chunk <= MAX_LENGTH)) {
    throw new ConfigError("sparse-loco", { expected: "1 ≤ keep ≤ chunk, both whole", got: `${keep} of ${chunk}` });
  }
  const name = `sparse-loco:chunk=${chunk},keep=${keep}`;
  const chunks = perBlock(chunk);
  const kept = (n: number) => Math.min(keep, n);
  return {
    name,
    law: contractive((length) => 1 / Math.max(1, chunks.largest(length))),
    open: (length) => new SparseLevelsCodec({ name, levels: 2, kept }, length === 0 ? [] : chunks.ends(length), using),
  };
}

export const sparseLocoEntry: CompressorEntry = {
  name: "sparse-loco",
  summary: "of each chunk the largest entries, as signs and one of two magnitudes",
  paper: "arXiv:2508.15706",
  law: "contractive, δ ≥ 1/chunk",
  bits: "a chunk: 72 + keep (about log₂(chunk/keep) + 3.5); 0.167 d with 64 of 4096",
  options: [
    { name: "chunk", meaning: "entries of a chunk (4096, the default)" },
    { name: "keep", meaning: "entries kept of each (64, the default)" },
  ],
  examples: ["sparse-loco:chunk=4096,keep=64", "sparse-loco:chunk=32,keep=4"],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, ["chunk", "keep"]);
    const whole = (name: string, usual: string, max: number) =>
      parseNumber(spec.options.get(name) ?? usual, where, { min: 1, max, integer: true });
    const chunk = whole("chunk", "4096", MAX_LENGTH);
    return sparseLoco({ chunk, keep: whole("keep", `${Math.min(64, chunk)}`, chunk) }, using);
  },
};
