/**
 * TernGrad: each entry becomes −S, 0 or +S at random, S the largest magnitude: linear dithering with one level of max|x_i|.
 *
 *     C(x)_i = S·sign(x_i) with probability |x_i|/S, else 0
 *
 * Without clipping it is unbiased, ω = S‖x‖₁/‖x‖² − 1 ≤ (√d − 1)/2. As published, entries are first cut off at c times
 * their standard deviation, taken about 0: σ = √(Σx_i²/d). That makes S, and so the variance, far smaller, and C biased: no
 * law. S belongs to the whole vector, or to each tensor.
 *
 * Messages: for the vector, or for each tensor, S (f32), then all trits, five to a byte (`coding/trits.ts`).
 * @see Wen, Xu, Yan, Wu, Wang, Chen & Li 2017, "TernGrad", arXiv:1705.07878
 */
import { ConfigError } from "../base/errors.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import type { LevelCode } from "../coding/level-codes.ts";
import { packTrits, tritBytes, unpackTrits } from "../coding/trits.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { type Compressor, lawless, unbiased } from "./compressor.ts";
import { DitheringCodec } from "./dithering.ts";
import type { CompressorEntry } from "./entry.ts";
import { type Grouping, perTensor, wholeVector } from "./groups.ts";
import { equalSteps } from "./ladder.ts";
import { raw, symbols } from "./symbols.ts";

const trits: LevelCode = {
  name: "trits",
  size: (levels) => tritBytes(levels.length),
  maxBytes: (count) => tritBytes(count),
  write: (levels, _, into) => packTrits(levels, into.room(tritBytes(levels.length))),
  read: (from, _, levels) => unpackTrits(from, levels),
};

const USUAL_CLIP = 2.5;

export interface TernGrad {
  /** c, above 0; none leaves entries as they are. */
  readonly clip: number | undefined;
  readonly groups: Grouping;
}

export function ternGrad({ clip, groups }: TernGrad, using: Kernels = kernels): Compressor {
  const options = [...(clip === USUAL_CLIP ? [] : [`clip=${clip ?? "none"}`]), ...groups.arguments];
  const name = options.length === 0 ? "terngrad" : `terngrad:${options.join(",")}`;
  return {
    name,
    law: clip === undefined ? unbiased((length) => (Math.sqrt(Math.max(1, length)) - 1) / 2) : lawless,
    open(length, layout) {
      const dithering = { name, norm: "max", ladder: equalSteps(1, using), code: trits, clip } as const;
      return new DitheringCodec(dithering, length, groups.ends(length, layout), using);
    },
    sections: (length, layout) => [raw(4 * groups.ends(length, layout).length), symbols(tritBytes(length), 8)],
  };
}

export const ternGradEntry: CompressorEntry = {
  name: "terngrad",
  summary: "−S, 0 or +S at random, S the largest magnitude",
  paper: "arXiv:1705.07878",
  law: "none; with clip=none unbiased, ω = max|x_i|·‖x‖₁/‖x‖² − 1 ≤ (√d − 1)/2",
  bits: "32 + 1.6 d; 32 a tensor with per=tensor",
  options: [
    { name: "clip=2.5|none", meaning: "cut entries off at this many standard deviations first (default 2.5)" },
    { name: "per=vector|tensor", meaning: "entries that share S: the whole vector (default), or each tensor" },
  ],
  examples: ["terngrad", "terngrad:clip=none", "terngrad:clip=4,per=tensor"],
  parse(spec, where, using) {
    checkArguments(spec, where, 0, ["clip", "per"]);
    const clip = spec.options.get("clip") ?? String(USUAL_CLIP);
    const per = spec.options.get("per") ?? "vector";
    if (per !== "vector" && per !== "tensor") {
      throw new ConfigError(where, { expected: "per=vector or per=tensor", got: spec.text });
    }
    return ternGrad(
      {
        clip: clip === "none" ? undefined : parseNumber(clip, where, { above: 0 }),
        groups: per === "tensor" ? perTensor : wholeVector,
      },
      using,
    );
  },
};
