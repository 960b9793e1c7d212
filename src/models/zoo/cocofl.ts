import { ConfigError } from "../../base/errors.ts";
import { checkArguments, parseNumber } from "../../base/spec.ts";
import type { ModelDefinition, Tensor, Tensors } from "../define.ts";
import { heldInt8 } from "../layers/precision.ts";
import type { ZooEntry } from "./entry.ts";
import type { ReadModel } from "./wrappers.ts";

/**
 * CoCoFL: each batch trains some neighbouring layers, drawn from the batch, in f32. The others are frozen: their weights and
 * inputs are held in int8, their gradient is 0, and below the lowest trained layer nothing flows back.
 *
 * Of B layers, m = max(1, round(trained · B)) are trained: layers i … i + m − 1, with i uniform on 0 … B − m. A mean of
 * gradients over peers is the rule of the paper's server, W ← r · mean of those that trained it + (1 − r) · W, with r the
 * share of those: who did not train a tensor says 0. Models are judged in f32. Of arithmetic in int8 only the rounding is
 * simulated; what is saved is backward passes.
 * @see Pfeiffer, Rapp, Khalili & Henkel 2023, "CoCoFL: Communication- and Computation-Aware Federated Learning", arXiv:2203.05468
 */
export const cocofl = (read: ReadModel): ZooEntry => ({
  name: "cocofl",
  summary: "a model of which each batch trains some layers, while the others stand still in int8",
  paper: "arXiv:2203.05468",
  options: [
    "the model, as in cocofl:(resnet:8),trained=0.5 (default mlp)",
    "trained=0.5, the share of layers that a batch trains",
  ],
  typical: { inputShape: [28, 28], classes: 10 },
  define(spec, data) {
    checkArguments(spec, "model", 1, ["trained"]);
    const share = parseNumber(spec.options.get("trained") ?? "0.5", "model cocofl: trained", { above: 0, max: 1 });
    const inner = read(spec.values[0] ?? "mlp", data);
    if (inner.alternatives !== undefined) {
      throw new ConfigError("model cocofl", { expected: "a model that trains all of its layers", got: inner.name });
    }
    const { parameters } = inner;
    const layers = layersOf(Object.keys(typeof parameters === "function" ? parameters(data) : parameters));
    const count = Math.max(1, Math.round(share * layers.length));
    const places = layers.length - count + 1;
    const alternatives = Array.from({ length: places }, (_, first) =>
      frozenOutside(inner, new Set(layers.slice(first, first + count).flat())),
    );
    return { ...inner, name: spec.text, alternatives };
  },
});

/** Names of tensors, by layer: `conv1.kernel` with `conv1.bias`, and `weight2` with `bias2`. */
export function layersOf(names: readonly string[]): string[][] {
  const layers = new Map<string, string[]>();
  for (const name of names) {
    const layer = name.includes(".") ? name.slice(0, name.lastIndexOf(".")) : (/\d+$/.exec(name)?.[0] ?? name);
    layers.set(layer, [...(layers.get(layer) ?? []), name]);
  }
  return [...layers.values()];
}

function frozenOutside(inner: ModelDefinition, trained: ReadonlySet<string>): ModelDefinition {
  const { predict, loss } = inner;
  const held = (params: Tensors): Tensors => withHeldWeights(params, trained);
  return {
    ...inner,
    ...(predict && { predict: (params, x, pass) => predict(held(params), x, pass) }),
    ...(loss && { loss: (params, x, y, pass) => loss(held(params), x, y, pass) }),
    trains: (name) => trained.has(name) && inner.trains?.(name) !== false,
  };
}

/** The same tensors; weights that are not trained are held in int8. */
function withHeldWeights(params: Tensors, trained: ReadonlySet<string>): Tensors {
  const result = {};
  for (const name of Object.keys(params)) {
    const read = (): Tensor => params[name] as Tensor; // it has a tensor under each of its names
    const held = (): Tensor => {
      const tensor = read();
      return tensor.ndim < 2 ? tensor : heldInt8(tensor);
    };
    Object.defineProperty(result, name, { enumerable: true, get: trained.has(name) ? read : held });
  }
  return result;
}
