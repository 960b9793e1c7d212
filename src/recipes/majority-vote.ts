/**
 * signSGD and Signum with majority vote: one bit per entry up and down.
 *
 *     worker i:  m_i ← β m_i + (1 − β) g_i;  s_i = sign(m_i)          → server
 *     server:    s = sign(Σ s_i)                                      → all
 *     all:       x ← x − η (s + λ x)
 *
 * With `ties=zero` the server sends trits, 1.6 bits an entry. β = 0 is signSGD. The scale of m_i does not matter, so the velocity of `--momentum β@worker` stands for it. Survives less
 * than half of the workers inverting their signs. It is biased: where workers hold different data the vote can point the
 * wrong way for ever (f = 4x, −x, −x).
 * @see Bernstein, Wang, Azizzadenesheli & Anandkumar 2018, "signSGD", arXiv:1802.04434
 * @see Bernstein, Zhao, Azizzadenesheli & Anandkumar 2018, arXiv:1810.05291
 */
import { majorityVote as vote } from "../aggregators/majority-vote.ts";
import { direct } from "../channels/direct.ts";
import { wholeVector } from "../compressors/groups.ts";
import { ternGrad } from "../compressors/terngrad.ts";
import { parameterServer } from "../patterns/parameter-server.ts";
import { exchangeGradients } from "./exchange-gradients.ts";
import { choice } from "./options.ts";
import { defineRecipe, type Recipe } from "./recipe.ts";

/** Of entries that are −1, 0 or +1 nothing is left to chance. */
const trits = ternGrad({ clip: undefined, groups: wholeVector });

export const majorityVote: Recipe = defineRecipe({
  name: "majority-vote",
  summary: "signs up, their majority down (signSGD, Signum)",
  paper: "arXiv:1802.04434",
  assumes: "unimodal symmetric gradient noise, workers with data of one distribution",
  defaults: { up: "sign:scale=none", down: "sign:scale=none", momentum: "worker" },
  compresses: "none",
  ownAggregate: true,
  options: { ties: choice("what an even split becomes", ["plus", "zero", "random", "previous"]) },
  warnings: (use) => [
    ...(use.momentum.factor === 0
      ? ["majority-vote: signs of single gradients are biased by skewed noise; --momentum 0.9@worker averages it out"]
      : []),
    ...(vote().warnings?.(use) ?? []),
  ],
  build: ({ up, down }, { ties }) =>
    exchangeGradients(
      parameterServer({
        up: direct(up),
        down: direct(ties === "zero" ? trits : down),
        aggregate: vote({ ties }),
      }),
    ),
});
