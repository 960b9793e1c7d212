/**
 * The recipes by name.
 */

import { lookUp, parseSpec } from "../base/spec.ts";
import { adasumSgd } from "./adasum-sgd.ts";
import { allReduceSgd } from "./all-reduce-sgd.ts";
import { artemis } from "./artemis.ts";
import { bagua } from "./bagua.ts";
import { baguaGossip } from "./bagua-gossip.ts";
import { cdAdam } from "./cd-adam.ts";
import { cgx } from "./cgx.ts";
import { choco } from "./choco.ts";
import { compressedSgd } from "./compressed-sgd.ts";
import { dPsgd } from "./d-psgd.ts";
import { deepSqueeze } from "./deep-squeeze.ts";
import { diana } from "./diana.ts";
import { diLoCo } from "./diloco.ts";
import { distributedAdam, genericAdam } from "./distributed-adam.ts";
import { doubleSqueeze } from "./double-squeeze.ts";
import { efSgd, efSignSgd } from "./ef-sgd.ts";
import { ef21, ef21Plus } from "./ef21.ts";
import { exactDiffusion } from "./exact-diffusion.ts";
import { fedAvg } from "./fedavg.ts";
import { gradientTracking } from "./gradient-tracking.ts";
import { localSgd } from "./local-sgd.ts";
import { majorityVote } from "./majority-vote.ts";
import { mcm, randMcm } from "./mcm.ts";
import { modelAveraging } from "./model-averaging.ts";
import { neolithic } from "./neolithic.ts";
import { postLocalSgd } from "./post-local-sgd.ts";
import { powerSgd } from "./powersgd.ts";
import { qsgdAllGather } from "./qsgd-all-gather.ts";
import type { ChosenRecipe, Recipe } from "./recipe.ts";
import { sgd } from "./sgd.ts";
import { sparseLoCo } from "./sparse-loco.ts";
import { stc } from "./stc.ts";

export const recipes: ReadonlyMap<string, Recipe> = new Map(
  [
    sgd,
    distributedAdam,
    genericAdam,
    compressedSgd,
    cgx,
    powerSgd,
    allReduceSgd,
    bagua,
    qsgdAllGather,
    adasumSgd,
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
    localSgd,
    modelAveraging,
    postLocalSgd,
    fedAvg,
    diLoCo,
    sparseLoCo,
    dPsgd,
    choco,
    deepSqueeze,
    baguaGossip,
    gradientTracking,
    exactDiffusion,
  ].map((recipe) => [recipe.name, recipe]),
);

/** @param spec such as `artemis:participation=0.5` @throws {ConfigError} naming `where` */
export const parseRecipe = (spec: string, where: string): ChosenRecipe =>
  lookUp(recipes, parseSpec(spec, where).name, where, "one of the recipes").with(spec, where);
