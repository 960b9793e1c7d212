/**
 * Sparse ternary compression: of the k largest entries send position and sign, and one magnitude for all.
 *
 * With S the k = max(⌊p d⌋, 1) largest, mu = (1/k) Σ_S |x_i|:  C(x)_i = mu sign(x_i) on S, else 0. Contractive with
 * δ(x) = ‖x_S‖₁²/(k‖x‖²) ≥ 1/d, an equality. Biased: run it under error feedback. Ties go to the lower index. The paper
 * speaks of one vector, its code compresses each tensor for itself: `per=tensor`, with k of each.
 *
 * Messages: one level of `sparse-levels.ts`.
 * @see Sattler, Wiedemann, Müller & Samek 2019, "Robust and Communication-Efficient Federated Learning from Non-IID
 *   Data", arXiv:1903.02891
 */
import { ConfigError } from "../base/errors.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, contractive } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { GROUPING_MEANING, GROUPING_OPTIONS, type Grouping, parseGrouping, wholeVector } from "./groups.ts";
import { SparseLevelsCodec } from "./sparse-levels.ts";

/** @param fraction p, above 0 and at most 1 @throws {ConfigError} */
export function stc(fraction: number, grouping: Grouping = wholeVector, using: Kernels = kernels): Compressor {
  if (!(fraction > 0 && fraction <= 1)) {
    throw new ConfigError("stc", { expected: "a fraction of d above 0 and at most 1", got: fraction });
  }
  const name = `stc:${[fraction, ...grouping.arguments].join(",")}`;
  const kept = (n: number) => Math.max(1, Math.floor(fraction * n));
  return {
    name,
    law: contractive((length) => 1 / Math.max(1, grouping.largest(length))),
    open: (length, layout) =>
      new SparseLevelsCodec({ name, levels: 1, kept }, length === 0 ? [] : grouping.ends(length, layout), using),
  };
}

export const stcEntry: CompressorEntry = {
  name: "stc",
  aliases: ["sparse-ternary"],
  summary: "positions and signs of the largest entries, one magnitude for all",
  paper: "arXiv:1903.02891",
  law: "contractive, δ = ‖top-k(x)‖₁²/(k‖x‖²) ≥ 1/d",
  bits: "40 + k (about log₂(d/k) + 2.5): 0.091 d at 1 %",
  options: [
    { name: "p", meaning: "share of d, k = max(⌊p d⌋, 1) (0.01, the default)" },
    { name: "per=vector|tensor|block", meaning: GROUPING_MEANING },
  ],
  examples: ["stc:0.01", "stc:0.01,per=tensor"],
  parse(spec, where, using) {
    checkArguments(spec, where, 1, GROUPING_OPTIONS);
    const fraction = parseNumber(spec.values[0] ?? "0.01", where, { above: 0, max: 1 });
    return stc(fraction, parseGrouping(spec, where), using);
  },
};
