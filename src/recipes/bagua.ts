/**
 * BAGUA's centralised primitives on gradients: without a server, every member owns a part.
 *
 *     full precision, C_FP_S:  out = mean u_i
 *     low precision, C_LP_S:   out = Q(mean Q(u_i))                                           as ByteGrad does, or
 *                              out = Q(mean Q(u_i + e_i) + E), e_i and E what Q lacks         with feedback=true
 *
 * Q is 8 bits between the extremes of a block. In groups, members send plain f32 to a leader, and leaders Q among them.
 * The decentralised primitives are `bagua-gossip`.
 * @see Gan et al. 2021, "BAGUA: Scaling up Distributed Learning with System Relaxations", arXiv:2107.01499
 */
import { mean } from "../aggregators/mean.ts";
import { direct } from "../channels/direct.ts";
import { allReduce } from "../patterns/all-reduce.ts";
import { compressedAllReduce } from "../patterns/compressed-all-reduce.ts";
import { group, inGroups } from "./all-reduce-sgd.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { remembering } from "./local-recipe.ts";
import { choice, flag } from "./options.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { notContractive } from "./server-recipe.ts";

/** Spec of BAGUA's own quantiser. */
export const BYTES = "blockwise:bits=8,block=16384,range=bagua";

export const bagua: Recipe = defineRecipe({
  name: "bagua",
  summary: "BAGUA's centralised primitives: gradients averaged in 8 bits, or in full, without a server",
  paper: "arXiv:2107.01499",
  assumes: "rounding errors that are small beside the gradients; with feedback, contractive compressors",
  defaults: { up: BYTES, down: BYTES, momentum: "worker" },
  compresses: "both",
  ownAggregate: true,
  options: {
    precision: choice("C_LP_S or C_FP_S, which sends plain f32 whatever the compressor", ["low", "full"]),
    feedback: flag("add what a message lacks to the next one", false),
    group,
  },
  warnings: (use, { precision, feedback }) => (feedback && precision === "low" ? notContractive("bagua", use) : []),
  build({ up, down }, { precision, feedback, group }) {
    const channel = feedback ? remembering : direct;
    const low = compressedAllReduce({ up: channel(up), down: channel(down), aggregate: mean });
    return exchangeGradients(inGroups(precision === "low" ? low : allReduce({ by: "butterfly" }), group));
  },
});
