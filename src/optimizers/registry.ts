/**
 * The optimizers by name, and the reader of specs such as `sgd:momentum=0.9` or `adam:b2=0.99,decay=0.01`.
 */
import { lookUp, parseSpec } from "../base/spec.ts";
import { adaGradEntry } from "./adagrad.ts";
import { adaGradNormEntry } from "./adagrad-norm.ts";
import { adamEntry } from "./adam.ts";
import { amsGradEntry } from "./amsgrad.ts";
import { asgdEntry } from "./asgd.ts";
import type { OptimizerEntry } from "./define.ts";
import { delayedAdaGradEntry } from "./delayed-adagrad.ts";
import { efSignSgdEntry } from "./ef-signsgd.ts";
import { cos1Entry, dGradEntry, diffGradEntry } from "./friction.ts";
import { ftrlMomentumEntry } from "./ftrl-momentum.ts";
import { generalisedSignSgdEntry } from "./generalised-signsgd.ts";
import { genericAdamEntry } from "./generic-adam.ts";
import { lambEntry } from "./lamb.ts";
import { larsEntry } from "./lars.ts";
import { lineSearchEntry } from "./line-search.ts";
import { laMAdamEntry, mAdamEntry } from "./madam.ts";
import { nesterovEntry } from "./nesterov.ts";
import type { Optimizer } from "./optimizer.ts";
import { pAdamEntry } from "./padam.ts";
import { rescaledAdamEntry } from "./rescaled-adam.ts";
import { sgdEntry } from "./sgd.ts";
import { sibertEntry } from "./sibert.ts";
import { signSgdEntry, signumEntry } from "./signum.ts";
import { yogiEntry } from "./yogi.ts";

export type { OptimizerEntry } from "./define.ts";

const entries: readonly OptimizerEntry[] = [
  sgdEntry,
  nesterovEntry,
  sibertEntry,
  adamEntry,
  amsGradEntry,
  yogiEntry,
  genericAdamEntry,
  rescaledAdamEntry,
  pAdamEntry,
  mAdamEntry,
  laMAdamEntry,
  diffGradEntry,
  dGradEntry,
  cos1Entry,
  larsEntry,
  lambEntry,
  signSgdEntry,
  signumEntry,
  generalisedSignSgdEntry,
  efSignSgdEntry,
  adaGradEntry,
  adaGradNormEntry,
  delayedAdaGradEntry,
  ftrlMomentumEntry,
  asgdEntry,
  lineSearchEntry,
];

export const optimizers: ReadonlyMap<string, OptimizerEntry> = new Map(entries.map((entry) => [entry.name, entry]));

/**
 * The optimizer of a spec, `name:option=value,…`.
 * @param where names the option in errors, such as `--optimizer`
 * @throws {ConfigError} with the nearest known name
 */
export function parseOptimizer(text: string, where: string): Optimizer {
  const spec = parseSpec(text, where);
  return lookUp(optimizers, spec.name, where, "an optimizer").parse(spec, where);
}
