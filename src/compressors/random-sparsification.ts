/**
 * Random sparsification without scaling: each entry is kept with probability p, for itself, and sent as it is.
 *
 * Contractive with δ = p, with equality in expectation; biased, E C(x) = p x: run it under error feedback.
 *
 * Messages: one f32 for each kept entry, in order. Positions do not travel: both ends keep entry i where its draw of the
 * message's randomness is below p·2³².
 * @see Beznosikov, Horváth, Richtárik & Safaryan 2020, "On Biased Compression for Distributed Learning", arXiv:2002.12410
 */
import { ConfigError } from "../base/errors.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, contractive } from "./compressor.ts";
import { Drawn } from "./drawn.ts";
import type { CompressorEntry } from "./entry.ts";
import { IndependentSubset } from "./shared-positions.ts";
import { sparse } from "./sparse.ts";

/** @param p above 0 and at most 1 @throws {ConfigError} */
export function randomSparsification(p: number, using: Kernels = kernels): Compressor {
  if (!(p > 0 && p <= 1)) {
    throw new ConfigError("biased-random-sparsification", { expected: "a probability above 0 and at most 1", got: p });
  }
  const name = `biased-random-sparsification:p=${p}`;
  return sparse(
    name,
    contractive(() => p),
    {
      kept: (length) => length,
      open: (length) => new Drawn(name, length, new IndependentSubset(p, length, using), 1, using),
    },
    using,
  );
}

export const randomSparsificationEntry: CompressorEntry = {
  name: "biased-random-sparsification",
  summary: "each entry with probability p, as it is; positions never travel",
  paper: "arXiv:2002.12410",
  law: "contractive, δ = p",
  bits: "32 p d on average",
  options: [{ name: "p", meaning: "probability that an entry is kept (0.1, the default)" }],
  examples: ["biased-random-sparsification:p=0.1"],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, ["p"]);
    return randomSparsification(parseNumber(spec.options.get("p") ?? "0.1", where, { above: 0, max: 1 }), using);
  },
};
