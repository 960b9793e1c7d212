import { nn } from "@jax-js/jax";
import { checkArguments, parseNumber, type Spec } from "../../base/spec.ts";
import { type DataShape, defineModel, type ModelDefinition, type Tensor } from "../define.ts";
import { linear } from "../layers/linear.ts";
import { glorot, he, type Parameter, zeros } from "../parameters.ts";
import type { ZooEntry } from "./entry.ts";

const MOST_LAYERS = 32;

/**
 * Multi-layer perceptron: relu layers of the given widths, then one score per class, under softmax cross-entropy.
 * Parameters are weight1, bias1, weight2, … with weights of shape [in, out]; relu layers start from He's values, the
 * last from Glorot's, biases from 0.
 */
export const mlp: ZooEntry = {
  name: "mlp",
  summary: "relu layers and softmax cross-entropy",
  options: ["widths of the hidden layers, as in mlp:512,128 (default 128)"],
  typical: { inputShape: [28, 28], classes: 10 },
  define(spec, data) {
    checkArguments(spec, "model", MOST_LAYERS);
    return perceptron(spec.text, widthsOf(spec), data);
  },
};

function widthsOf(spec: Spec): number[] {
  if (spec.values.length === 0) return [128];
  return spec.values.map((text) => parseNumber(text, "model mlp: width", { min: 1, max: 65_536, integer: true }));
}

function perceptron(name: string, widths: readonly number[], { inputSize, classes }: DataShape): ModelDefinition {
  const sizes = [inputSize, ...widths, classes];
  const layers = Array.from({ length: sizes.length - 1 }, (_, i) => i + 1);
  const parametersOf = (layer: number): [string, Parameter][] => {
    const shape = [sizes[layer - 1] ?? 1, sizes[layer] ?? 1];
    const isLast = layer === layers.length;
    return [
      [`weight${layer}`, isLast ? glorot(shape) : he(shape)],
      [`bias${layer}`, zeros(shape.slice(1))],
    ];
  };
  return defineModel({
    name,
    parameters: Object.fromEntries(layers.flatMap(parametersOf)),
    predict(params, x) {
      let h = x.reshape([-1, inputSize]);
      for (const layer of layers) {
        const [weight, bias] = [params[`weight${layer}`], params[`bias${layer}`]] as [Tensor, Tensor]; // defined above
        const scores = linear(h, weight, bias);
        h = layer === layers.length ? scores : nn.relu(scores);
      }
      return h;
    },
  });
}
