/**
 * The recipes by name.
 */

import { lookUp, parseSpec } from "../base/spec.ts";
import { artemis } from "./artemis.ts";
import { cdAdam } from "./cd-adam.ts";
import { cgx } from "./cgx.ts";
import { compressedSgd } from "./compressed-sgd.ts";
import { diana } from "./diana.ts";
import { distributedAdam, genericAdam } from "./distributed-adam.ts";
import { doubleSqueeze } from "./double-squeeze.ts";
import { efSgd, efSignSgd } from "./ef-sgd.ts";
import { ef21, ef21Plus } from "./ef21.ts";
import { majorityVote } from "./majority-vote.ts";
import { mcm, randMcm } from "./mcm.ts";
import { neolithic } from "./neolithic.ts";
import { powerSgd } from "./powersgd.ts";
import type { ChosenRecipe, Recipe } from "./recipe.ts";
import { sgd } from "./sgd.ts";
import { stc } from "./stc.ts";

export const recipes: ReadonlyMap<string, Recipe> = new Map(
  [
    sgd,
    distributedAdam,
    genericAdam,
    compressedSgd,
    cgx,
    powerSgd,
    diana,
    efSgd,
    efSignSgd,
    ef21,
    ef21Plus,
    doubleSqueeze,
    neolithic,
    artemis,
    mcm,
    randMcm,
    cdAdam,
    majorityVote,
    stc,
  ].map((recipe) => [recipe.name, recipe]),
);

/** @param spec such as `artemis:participation=0.5` @throws {ConfigError} naming `where` */
export const parseRecipe = (spec: string, where: string): ChosenRecipe =>
  lookUp(recipes, parseSpec(spec, where).name, where, "one of the recipes").with(spec, where);
