/**
 * QSGD as published: every worker sends its compressed gradient to all, and everyone takes the mean of the same messages.
 *
 *     worker i:  c_i = C(g_i)                      → all
 *     all:       x ← x − η mean c_i
 *
 * Nothing is compressed a second time; messages grow with n, so for many workers a compressed all-reduce sends less.
 * @see Alistarh, Grubic, Li, Tomioka & Vojnovic 2016, "QSGD", arXiv:1610.02132
 */
import { direct } from "../channels/direct.ts";
import { allGather } from "../patterns/all-gather.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { notUnbiased } from "./server-recipe.ts";

export const qsgdAllGather: Recipe = defineRecipe({
  name: "qsgd-all-gather",
  summary: "every worker sends its compressed gradient to all others",
  paper: "arXiv:1610.02132",
  assumes: "unbiased compressors; γ ≤ 1/(L(1 + 2ω/n))",
  defaults: { up: "qsgd:levels=7,bucket=512", down: "identity", momentum: "server" },
  compresses: "up",
  oneWay: true,
  options: {},
  warnings: (use) => [
    ...notUnbiased("qsgd-all-gather", { ...use, down: use.up }),
    ...(use.down.name === "identity" ? [] : ["qsgd-all-gather: nothing is sent twice, so --down has no effect"]),
  ],
  build: ({ up, aggregate }) => exchangeGradients(allGather({ channel: direct(up), aggregate })),
});
