/**
 * All-reduce SGD: the gradients' mean without a server. Plain f32 by any all-reduce; with a compressor, part by part
 * through the owners of parts, with error feedback at senders and owners.
 *
 *     worker i:   u_i = g_i                              all:  x ← x − η mean u_i
 *
 *     compressed, part j:
 *     worker i:   c_ij = C(u_i + e_i), e_i = what that lacks                    → owner j
 *     owner j:    c_j = C(mean_i c_ij + E_j), E_j = what that lacks             → all
 *     all:        x ← x − η c
 *
 * With C = a quantiser in buckets and feedback=false this is CGX's scatter-reduce-all-gather.
 * @see Markov, Ramezanikebrya & Alistarh 2021, "CGX", arXiv:2111.08617
 */
import { mean } from "../aggregators/mean.ts";
import { direct } from "../channels/direct.ts";
import { ALL_REDUCES, allReduce } from "../patterns/all-reduce.ts";
import { buckets } from "../patterns/buckets.ts";
import { compressedAllReduce } from "../patterns/compressed-all-reduce.ts";
import { hierarchical } from "../patterns/hierarchical.ts";
import type { Pattern } from "../patterns/pattern.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { remembering } from "./local-recipe.ts";
import { choice, flag, number, type Option } from "./options.ts";
import { defineRecipe, type Recipe, type RecipeSlots } from "./recipe.ts";
import { aboveTheory, momentumAfter, notContractive, notUnbiased } from "./server-recipe.ts";

export const group: Option<number> = number(
  "members of a group, whose leader speaks for it in plain f32; 1 is none",
  1,
  {
    integer: true,
    min: 1,
    max: 65_535,
  },
);

const bucket: Option<number> = number(
  "kilobytes of f32 that travel by themselves while others do; 0 is all in one",
  0,
  {
    min: 0,
  },
);

export const inGroups = (pattern: Pattern, groupSize: number): Pattern =>
  groupSize === 1 ? pattern : hierarchical(pattern, { groupSize });

const inBuckets = (pattern: Pattern, kilobytes: number): Pattern =>
  kilobytes === 0 ? pattern : buckets(pattern, { bytes: 1000 * kilobytes });

export const allReduceSgd: Recipe = defineRecipe({
  name: "all-reduce-sgd",
  summary: "SGD without a server: gradients averaged by an all-reduce, compressed or not",
  paper: "arXiv:2111.08617",
  assumes:
    "a step size below 2/L for an L-smooth loss; compressed: contractive compressors, without feedback unbiased ones",
  defaults: { up: "identity", down: "identity", momentum: "worker" },
  compresses: "both",
  ownAggregate: true,
  options: {
    by: choice("how plain vectors are averaged", ALL_REDUCES),
    feedback: flag("add what a message lacks to the next one", true),
    group,
    bucket,
  },
  warnings: (use, { by, feedback }) =>
    isPlain(use)
      ? aboveTheory("all-reduce-sgd", use.learningRate, use.curvature && 2 / use.curvature.L)
      : [
          ...(feedback ? [...notContractive("all-reduce-sgd", use), ...momentumAfter("all-reduce-sgd", use)] : []),
          ...(feedback ? [] : notUnbiased("all-reduce-sgd", use)),
          ...(by === ALL_REDUCES[0]
            ? []
            : [`all-reduce-sgd: compressed parts go through their owners; by=${by} is for plain f32`]),
        ],
  theoryRate: (use) => (isPlain(use) ? use.curvature && 1 / use.curvature.L : undefined),
  build(slots, { by, feedback, group, bucket }) {
    const channel = feedback ? remembering : direct;
    const compressed = { up: channel(slots.up), down: channel(slots.down), aggregate: mean };
    const pattern = inGroups(isPlain(slots) ? allReduce({ by }) : compressedAllReduce(compressed), group);
    return exchangeGradients(inBuckets(pattern, bucket));
  },
});

const isPlain = ({ up, down }: RecipeSlots): boolean => up.name === "identity" && down.name === "identity";
