/**
 * Models made of other models: with arithmetic of few bits, or with parts that stay as they are.
 */
import { ConfigError } from "../../base/errors.ts";
import { checkArguments, parseNumber, type Spec } from "../../base/spec.ts";
import type { DataShape, ModelDefinition } from "../define.ts";
import { atPrecision } from "../layers/precision.ts";
import { roundGradient } from "../rounded-gradient.ts";
import type { ZooEntry } from "./entry.ts";

/** Reads the spec of the model inside. */
export type ReadModel = (spec: string, data: DataShape) => ModelDefinition;

const TYPICAL = { inputShape: [28, 28], classes: 10 };

/** Inputs, weights and biases of linear and convolution layers rounded to the nearest level, gradients at random. */
export const lowPrecision = (read: ReadModel): ZooEntry => ({
  name: "low-precision",
  summary: "a model whose layers compute with few bits, simulated: weights, activations and gradients",
  paper: "arXiv:2111.09389",
  options: ["the model, as in low-precision:(cnn:16,32,128) (default mlp)", "bits=8"],
  typical: TYPICAL,
  define(spec, data) {
    checkArguments(spec, "model", 1, ["bits"]);
    const bounds = { min: 1, max: 16, integer: true };
    const bits = parseNumber(spec.options.get("bits") ?? "8", "model low-precision: bits", bounds);
    const inner = read(spec.values[0] ?? "mlp", data);
    const { predict, loss } = inner;
    return {
      ...inner,
      name: spec.text,
      ...(predict && { predict: (params, x, pass) => atPrecision(bits, () => predict(params, x, pass)) }),
      ...(loss && { loss: (params, x, y, pass) => atPrecision(bits, () => loss(params, x, y, pass)) }),
      flowBits: bits,
      finish(gradient, layout, rng) {
        inner.finish?.(gradient, layout, rng.split("inner"));
        roundGradient(gradient, layout, bits, rng);
      },
    };
  },
});

/**
 * Tensors whose names begin with one of the words keep their values: they have gradient 0, and nothing is computed for them
 * that no other tensor needs.
 * @see Pfeiffer, Rapp, Khalili & Henkel 2023, "CoCoFL: Communication- and Computation-Aware Federated Learning", arXiv:2203.05468
 */
export const freeze = (read: ReadModel): ZooEntry => ({
  name: "freeze",
  summary: "a model of which some tensors are not trained",
  paper: "arXiv:2203.05468",
  options: ["the model, then how the names of what is frozen begin, as in freeze:(resnet:8),first,stage1"],
  typical: TYPICAL,
  define(spec, data) {
    checkArguments(spec, "model", 64);
    const inner = read(spec.values[0] ?? "mlp", data);
    const { parameters } = inner;
    const names = Object.keys(typeof parameters === "function" ? parameters(data) : parameters);
    const frozen = frozenAmong(names, spec);
    const trains = (name: string): boolean => !frozen.has(name) && inner.trains?.(name) !== false;
    if (!names.some(trains)) {
      throw new ConfigError("model freeze", { expected: "a tensor that is left to train", got: spec.text });
    }
    return { ...inner, name: spec.text, trains };
  },
});

function frozenAmong(names: readonly string[], { values }: Spec): ReadonlySet<string> {
  const beginnings = values.slice(1);
  const unknown = beginnings.find((word) => !names.some((name) => name.startsWith(word)));
  if (unknown === undefined) return new Set(names.filter((name) => beginnings.some((word) => name.startsWith(word))));
  throw new ConfigError("model freeze", {
    expected: `how a tensor's name begins: ${names.join(", ")}`,
    got: unknown,
  });
}
