/**
 * CD-Adam: AMSGrad with compressed messages both ways. Both directions correct estimates (EF21 from zero), and every member
 * takes the same AMSGrad step on the estimate, so the model itself never travels.
 *
 *     worker i:  c_i = C(g_i − ĝ_i);  ĝ_i ← ĝ_i + c_i                  → server
 *     server:    ĝ ← ĝ + mean c_i;    c = C(ĝ − g̃);  g̃ ← g̃ + c         → all
 *     all:       m, v, v̂ from g̃;      x ← x − η m/√(v̂ + ν)
 * @see Wang, Lin & Chen 2021, "Communication-Compressed Adaptive Gradient Method", arXiv:2111.00705
 */
import { ef21 } from "../channels/ef21.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";
import { notContractive } from "./server-recipe.ts";

export const cdAdam: Recipe = defineRecipe({
  name: "cd-adam",
  summary: "AMSGrad on compressed corrections in both directions",
  paper: "arXiv:2111.00705",
  assumes: "contractive compressors, bounded gradients",
  defaults: {
    up: "sign",
    down: "sign",
    momentum: "worker",
    factor: 0,
    optimizer: "amsgrad:b2=0.99,form=inside",
  },
  compresses: "both",
  options: {},
  warnings: (use) => notContractive("cd-adam", use),
  build: ({ up, down, aggregate }) =>
    exchangeGradients(
      parameterServer({ up: ef21(up, { init: "zero" }), down: ef21(down, { init: "zero" }), aggregate }),
    ),
});
