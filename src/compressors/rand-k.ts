/**
 * Rand-k sparsification: send k entries drawn uniformly without replacement, drop the rest.
 *
 * Unbiased:  C(x)_i = (d/k) x_i for the drawn i, ω = d/k − 1, with equality. An entry above 3.4e38·k/d overflows.
 * Biased (`scale=none`): C(x)_i = x_i; contractive with δ = k/d, with equality in expectation; run it under error feedback.
 *
 * Messages: k f32, the values C(x)_i in the order of their positions. Positions do not travel: both ends draw them from
 * the message's randomness (`shared-positions.ts`).
 * @see Wangni, Wang, Liu & Zhang 2017, "Gradient Sparsification for Communication-Efficient Distributed Optimization",
 *   arXiv:1710.09854
 * @see Stich, Cordonnier & Jaggi 2018, "Sparsified SGD with Memory", arXiv:1809.07599
 */
import { ConfigError } from "../base/errors.ts";
import { checkArguments } from "../base/spec.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Amount, keptOf, parseAmount } from "./amount.ts";
import { type Compressor, contractive, unbiased } from "./compressor.ts";
import { Drawn } from "./drawn.ts";
import type { CompressorEntry } from "./entry.ts";
import { UniformSubset } from "./shared-positions.ts";
import { sparse } from "./sparse.ts";

/** @param amount k, or the share of d that k is @param scaled unbiased if true, else the entries as they are */
export function randK(
  amount: Amount,
  { scaled = true }: { scaled?: boolean } = {},
  using: Kernels = kernels,
): Compressor {
  const name = `rand-k:${amount.text}${scaled ? "" : ",scale=none"}`;
  const kept = (length: number) => keptOf(amount, length);
  const share = (length: number) => (length === 0 ? 1 : kept(length) / length);
  const law = scaled ? unbiased((length) => 1 / share(length) - 1) : contractive(share);
  return sparse(
    name,
    law,
    {
      kept,
      open(length) {
        const k = kept(length);
        return new Drawn(name, k, new UniformSubset(k, length, using), scaled ? length / k : 1, using);
      },
    },
    using,
  );
}

export const randKEntry: CompressorEntry = {
  name: "rand-k",
  summary: "k entries drawn at random; their positions never travel",
  paper: "arXiv:1710.09854",
  law: "unbiased, ω = d/k − 1; with scale=none contractive, δ = k/d",
  bits: "32 k",
  options: [
    {
      name: "k",
      meaning: "a whole number of entries (32), or with a point or an exponent a fraction of d (0.01, the default)",
    },
    { name: "scale=d/k|none", meaning: "times d/k, which makes it unbiased (default), or the entries as they are" },
  ],
  examples: ["rand-k:0.01", "rand-k:0.01,scale=none", "rand-k:3"],
  parse(spec, where, using) {
    checkArguments(spec, where, 1, ["scale"]);
    const amount = parseAmount(spec.values[0] ?? "0.01", where);
    const scale = spec.options.get("scale") ?? "d/k";
    if (scale === "d/k" || scale === "none") return randK(amount, { scaled: scale === "d/k" }, using);
    throw new ConfigError(where, { expected: "scale=d/k or scale=none", got: spec.text });
  },
};
