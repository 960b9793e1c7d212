/**
 * `analytic`: linear models with gradients written down in f64, as a model that options can name.
 */
import { ConfigError } from "../../base/errors.ts";
import { checkArguments, lookUp, parseNumber, type Spec } from "../../base/spec.ts";
import type { Model } from "../../ports/model.ts";
import type { DataShape } from "../define.ts";
import { riskModel } from "./analytic-model.ts";
import { Risk } from "./risk.ts";
import { logistic, type RowLoss, squares } from "./row-loss.ts";

const LOSSES: ReadonlyMap<string, RowLoss> = new Map([logistic, squares].map((loss) => [loss.name, loss]));

/** A model that needs no engine, by its spec. */
export interface AnalyticEntry {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly string[];
  /** @throws {ConfigError} if the spec has arguments that make no sense, or the data does not fit */
  open(spec: Spec, data: DataShape): Model;
}

/** No bias, targets ±1: the problems of the optimisation literature to the letter. Everything starts from 0. */
export const analytic: AnalyticEntry = {
  name: "analytic",
  summary: "linear model without bias, gradients written down in f64, no engine",
  options: [
    `the loss: ${[...LOSSES.keys()].join(" (default) or ")}, of labels ±1`,
    "l2=λ adds (λ/2)‖x‖² (default 0)",
    "nonconvex=λ adds λ Σ x²/(1 + x²) (default 0)",
  ],
  open(spec, { inputSize, classes }) {
    checkArguments(spec, "model", 1, ["l2", "nonconvex"]);
    const loss = lookUp(LOSSES, spec.values[0] ?? logistic.name, "model analytic", "a loss");
    if (loss === logistic && classes !== 2) {
      throw new ConfigError("model analytic:logistic", { expected: "data with 2 classes", got: classes });
    }
    const numberOf = (key: string): number =>
      parseNumber(spec.options.get(key) ?? "0", `model analytic: ${key}`, { min: 0 });
    const risk = new Risk(loss, { l2: numberOf("l2"), nonconvex: numberOf("nonconvex") });
    return riskModel(spec.text, risk, { width: inputSize, classes });
  },
};
