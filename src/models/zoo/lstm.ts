import { checkArguments, parseNumber } from "../../base/spec.ts";
import { defineModel, type Tensor, type Tensors } from "../define.ts";
import { embedding } from "../layers/embedding.ts";
import { linear } from "../layers/linear.ts";
import { lstm as recurrent } from "../layers/recurrent.ts";
import { glorot, normal, zeros } from "../parameters.ts";
import type { ZooEntry } from "./entry.ts";
import { contextOf, lastScores, nextSymbolLoss } from "./sequences.ts";

/** A row has as many activations as a batch of images. */
const ROWS_AT_ONCE = 64;

/** One long short-term memory over embedded symbols, and a score per symbol at every position. */
export const lstm: ZooEntry = {
  name: "lstm",
  summary: "long short-term memory that predicts the next symbol",
  options: ["width of the state, as in lstm:128 (the default)", "embedding=32, width of a symbol"],
  typical: { inputShape: [32], classes: 65 },
  define(spec, data) {
    checkArguments(spec, "model", 1, ["embedding"]);
    contextOf(data, "model lstm");
    const bounds = { min: 1, max: 4096, integer: true };
    const width = parseNumber(spec.values[0] ?? "128", "model lstm: width", bounds);
    const inner = parseNumber(spec.options.get("embedding") ?? "32", "model lstm: embedding", bounds);
    const scoresOf = (params: Tensors, x: Tensor): Tensor => {
      const of = (name: string): Tensor => params[name] as Tensor; // defined below
      const states = recurrent(embedding(of("symbols"), x), of("input.weight"), of("state.weight"), of("bias"));
      return linear(states, of("output.weight"), of("output.bias"));
    };
    return defineModel({
      name: spec.text,
      parameters: {
        symbols: normal([data.classes, inner], 0.1),
        "input.weight": glorot([inner, 4 * width]),
        "state.weight": glorot([width, 4 * width]),
        bias: zeros([4 * width]),
        "output.weight": glorot([width, data.classes]),
        "output.bias": zeros([data.classes]),
      },
      rowsAtOnce: ROWS_AT_ONCE,
      predict: (params: Tensors, x) => lastScores(scoresOf(params, x)),
      loss: (params: Tensors, x, y) => nextSymbolLoss(scoresOf(params, x.ref), x, y),
    });
  },
};
