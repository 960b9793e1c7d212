/**
 * Which model PyTorch is given to do beside one of the zoo.
 */
import { parseSpec, type Spec } from "../base/spec.ts";
import type { DataInfo } from "../models/define.ts";
import type { TorchTask } from "./torch.ts";

/** The task that takes the same step; undefined for models that have no twin in PyTorch here. */
export function torchModelTask(spec: string, data: DataInfo, batch: number, repeats: number): TorchTask | undefined {
  const { name, values, options } = parseSpec(spec, "model");
  const [inputs = 1] = [data.inputShape.reduce((product, n) => product * n, 1)];
  const shared = { batch, repeats, classes: data.classes };
  const whole = (key: string, otherwise: number): number => Number(options.get(key) ?? otherwise);
  const [first = 16, second = 32, dense = 128] = values.map(Number);
  switch (name) {
    case "mlp":
      return {
        kind: "mlp",
        widths: [inputs, ...(values.length === 0 ? [128] : values.map(Number)), data.classes],
        batch,
        repeats,
      };
    case "softmax":
      return { kind: "mlp", widths: [inputs, data.classes], batch, repeats };
    case "cnn":
      return isPlain({ options })
        ? { kind: "cnn", widths: [first, second, dense], image: imageOf(data), ...shared }
        : undefined;
    case "resnet": {
      const layers = values.length === 0 ? 8 : Number(values[0]);
      const norm = options.get("norm") ?? "group";
      if (norm !== "group" && norm !== "batch") return undefined;
      return { kind: "resnet", layers, width: whole("width", 16), norm, image: imageOf(data), ...shared };
    }
    case "gpt":
      return {
        kind: "gpt",
        layers: whole("layers", 4),
        heads: whole("heads", 4),
        width: whole("width", 128),
        context: inputs,
        ...shared,
      };
    default:
      return undefined;
  }
}

const isPlain = ({ options }: Pick<Spec, "options">): boolean => (options.get("norm") ?? "none") === "none";

const imageOf = ({ inputShape }: DataInfo): readonly number[] =>
  inputShape.length === 3 ? inputShape : [1, ...(inputShape.length === 2 ? inputShape : [28, 28])];
